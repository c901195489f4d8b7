import { parseArgs } from 'node:util';

export interface FuzzArguments {
  readonly inputs: number;
  readonly seconds: number;
  /** Absent: another one each time. */
  readonly seed: number | undefined;
  readonly targets: readonly string[];
}

export const usage = (
  targets: readonly string[],
) => `usage: npm run fuzz -- [options]   hostile input for every parser of what strangers send

options
  --inputs   1000000   inputs for each target
  --seconds  3600      for each target, where its inputs take longer
  --seed     N         of a run before, which it repeats
  --target   text      only the targets with that in their name

targets
${targets.map((name) => `  ${name}\n`).join('')}`;

export class UsageError extends Error {}

/** `undefined`: they ask for the usage. @throws UsageError */
export function parseFuzzArguments(argv: readonly string[], targets: readonly string[]): FuzzArguments | undefined {
  const { help, inputs, seconds, seed, target } = parse(argv);
  if (help) return undefined;
  const chosen = targets.filter((name) => name.includes(target));
  if (chosen.length === 0) throw new UsageError(`there is no target with "${target}" in its name`);
  return {
    inputs: count('inputs', inputs),
    seconds: count('seconds', seconds),
    seed: seed === undefined ? undefined : count('seed', seed),
    targets: chosen,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        inputs: { type: 'string', default: '1000000' },
        seconds: { type: 'string', default: '3600' },
        seed: { type: 'string' },
        target: { type: 'string', default: '' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function count(option: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`--${option} wants a whole number, not "${text}"`);
}
