import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { action, examples } from '../../action.ts';
import { cliErrors } from '../../errors.ts';
import { askSecret } from '../../prompt.ts';

export function setSecrets(secrets: Command): void {
  secrets
    .command('set <name=value...>')
    .description('set secrets; NAME=- reads the value from the input, NAME alone asks for it')
    .addHelpText(
      'after',
      examples('secrets set SESSION_KEY=kestrel', 'secrets set SESSION_KEY', 'secrets set TLS_KEY=- < tls.key'),
    )
    .action(
      action(async (session, words: readonly string[]) => {
        const app = await session.app();
        const values = await valuesOf(words);
        await session.api.apps[':app'].secrets.$put({ param: { app }, json: { values } });
        const names = Object.keys(values);
        return {
          data: { app, set: names },
          text: `Set for ${app}: ${names.join(', ')}. Instances get ${names.length === 1 ? 'it' : 'them'} at the next deploy.`,
        };
      }),
    );
}

async function valuesOf(words: readonly string[]): Promise<Record<string, string>> {
  if (words.filter((word) => word.endsWith('=-')).length > 1) {
    throw cliErrors.usage('only one value can come from the input', 'set the others by a command of their own');
  }
  const values: Record<string, string> = {};
  for (const word of words) {
    const [name = '', value] = split(word);
    if (name === '') throw cliErrors.usage(`"${word}" has no name`, 'write NAME=value');
    values[name] = value === undefined ? await askSecret(name) : value === '-' ? await readInput() : value;
  }
  return values;
}

function split(word: string): [string, string?] {
  const at = word.indexOf('=');
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** The input without the line end that `echo` and editors leave. */
async function readInput(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '');
}
