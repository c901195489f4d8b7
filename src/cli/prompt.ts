import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { cliErrors } from './errors.ts';

const onTerminal = () => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/**
 * Asks before `what` ("destroying volume data"); `yes` is the answer of --yes.
 * @throws HoldfastError `confirmation.missing` when the answer is no, or nobody can be asked
 */
export async function confirm(what: string, { yes }: { readonly yes?: boolean | undefined }): Promise<void> {
  if (yes) return;
  if (!onTerminal()) throw cliErrors.unconfirmed(what);
  const answer = await ask(`${what}: go on? [y/N] `, process.stderr);
  if (!/^y(es)?$/i.test(answer.trim())) throw cliErrors.unconfirmed(what);
}

/** A value that is not shown while it is typed. @throws HoldfastError `usage` without a terminal */
export async function askSecret(name: string): Promise<string> {
  if (!onTerminal()) {
    throw cliErrors.usage(`no value for ${name}`, `write ${name}=value, or ${name}=- to read it from the input`);
  }
  process.stderr.write(`${name}: `);
  const answer = await ask('', new Writable({ write: (_chunk, _encoding, done) => done() }));
  process.stderr.write('\n');
  return answer;
}

async function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  const interrupted = new AbortController();
  lines.once('SIGINT', () => interrupted.abort());
  try {
    return await lines.question(question, { signal: interrupted.signal });
  } catch {
    return ''; // Ctrl-C is a no
  } finally {
    lines.close();
  }
}
