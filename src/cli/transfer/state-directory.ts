import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the CLI remembers between its runs, by the XDG Base Directory Specification. */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'holdfast');
}
