import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { type Command, InvalidArgumentError } from 'commander';
import type { LogLine } from '../../control/api/client.ts';
import { type ErrorDetails, HoldfastError } from '../../core/errors.ts';
import { action, examples } from '../action.ts';
import { paint } from '../output/paint.ts';

interface LogOptions {
  readonly follow?: boolean;
  readonly lines: number;
  readonly service?: string;
  readonly instance?: string;
}

export function logsCommand(program: Command): void {
  program
    .command('logs')
    .option('-f, --follow', 'stay and print lines as they come')
    .option('-n, --lines <count>', 'so many of the last lines', count, 100)
    .option('--service <name>', 'of one service')
    .option('--instance <id>', 'of one instance')
    .addHelpText('after', examples('logs -f', 'logs -n 20 --service web', 'logs --json | jq -r .line'))
    .action(
      action(async (session, { follow, lines, service, instance }: LogOptions) => {
        const app = await session.app();
        const answer = await session.api.apps[':app'].logs.$get({
          param: { app },
          query: { tail: String(lines), follow: follow ? 'true' : undefined, service, instance },
        });
        const show = session.flags.json ? (line: LogLine) => JSON.stringify(line) : forPerson;
        for await (const line of linesOf(answer.body)) process.stdout.write(`${show(line)}\n`);
        return undefined;
      }),
    );
}

function forPerson({ service, instance, line }: LogLine): string {
  return `${paint('cyan', service)} ${paint('dim', instance)} ${line}`;
}

/** @throws HoldfastError the one that ended the answer */
async function* linesOf(body: unknown): AsyncGenerator<LogLine> {
  const input = Readable.fromWeb(body as ReadableStream<Uint8Array>);
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === '') continue; // a sign of life
    const line = JSON.parse(text) as LogLine & { readonly error?: ErrorDetails };
    if (line.error) throw new HoldfastError(line.error);
    yield line;
  }
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 100_000) return value;
  throw new InvalidArgumentError('Give a number of lines from 0 to 100000.');
}
