import type { CommandEntry } from '../cli/commands.ts';
import { runCli } from '../cli/program.ts';
import { version } from './version.ts';

const PLATFORM = 'Platform:';

/** What runs the platform, instead of talking to it. */
export const hostCommands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'start the platform on this machine',
    group: PLATFORM,
    load: async () => (await import('./up-command.ts')).upCommand,
  },
  {
    name: 'down',
    summary: 'stop the platform; instances keep running unless --all is given',
    group: PLATFORM,
    load: async () => (await import('./down-command.ts')).downCommand,
  },
];

export async function runHoldfast(argv: readonly string[]): Promise<void> {
  process.exitCode = await runCli(argv, { version, extraCommands: hostCommands });
}
