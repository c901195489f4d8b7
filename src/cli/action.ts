import type { Command } from 'commander';
import { HoldfastError, isHoldfastCode } from '../core/errors.ts';
import { type GlobalFlags, openSession, type Session } from './session.ts';

/** What a command has found out or done. */
export interface Answer {
  /** The API's own answer, for --json. */
  readonly data: unknown;
  /** The same for a person. */
  readonly text: string;
}

type Run<Subject, Args extends readonly unknown[]> = (subject: Subject, ...args: Args) => Promise<Answer | undefined>;

/** A commander action that talks to the platform. `run` gets the command's arguments, then its options. */
export function action<Args extends readonly unknown[]>(run: Run<Session, Args>) {
  return withFlags<Args>(async (flags, ...args) => run(await openSession(flags), ...args));
}

/** A commander action that needs no platform. */
export function withFlags<Args extends readonly unknown[]>(run: Run<GlobalFlags, Args>) {
  return async (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command;
    const flags = command.optsWithGlobals<GlobalFlags>();
    const answer = await run(flags, ...(args.slice(0, -1) as unknown as Args)).catch((error) => {
      throw isHoldfastCode(error, 'request.invalid') ? withHelp(error, command) : error;
    });
    if (answer) print(answer, flags);
  };
}

/** The API names its own description; a person at the terminal has that of the command. */
function withHelp({ code, kind, message }: HoldfastError, command: Command): HoldfastError {
  return new HoldfastError({ code, kind, message, hint: `see \`${wholeName(command)} --help\`` });
}

/** `holdfast volumes create`. */
export function wholeName(command: Command): string {
  return command.parent ? `${wholeName(command.parent)} ${command.name()}` : command.name();
}

export function print({ data, text }: Answer, flags: GlobalFlags): void {
  process.stdout.write(`${flags.json ? JSON.stringify(data, null, 2) : text}\n`);
}

/** Shows how a command is used; they come last in its help. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ holdfast ${line}`)].join('\n');
}
