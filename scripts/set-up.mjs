// Runs before the dependencies are there, on the machine's own Node (20 or newer): no imports but Node's.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const pinnedBin = join(root, 'node_modules', '.bin');

/**
 * The environment in which `node` is the pinned one.
 * @type {NodeJS.ProcessEnv}
 */
export const pinnedEnv = { ...process.env, PATH: `${pinnedBin}${delimiter}${process.env.PATH}` };

/**
 * Runs a command with the terminal's own output; ends this process with its exit code when it fails.
 * @param {string[]} argv
 */
export function run(argv, { env = pinnedEnv, cwd = root } = {}) {
  const [program = '', ...args] = argv;
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', cwd, env });
  if (error) console.error(`${program}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** `npm ci` unless what is installed is what the lock file asks for. */
export function installDependencies() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  run(['npm', 'ci', '--no-fund', '--no-audit'], { env: process.env });
}

/** @param {string} program a name to look for on PATH, or a whole path, also of a library's directory */
function onPath(program) {
  const directories = program.startsWith('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return directories.some((directory) => {
    try {
      accessSync(directory ? join(directory, program) : program, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Installs the Debian packages of the programs that are missing. Gives the names of those that it
 * could not: not root, another system. What follows says what it does without.
 * @param {Record<string, string>} packageOf program → package
 * @returns {string[]}
 */
export function installPrograms(packageOf) {
  const missing = Object.keys(packageOf).filter((program) => !onPath(program));
  if (missing.length === 0) return [];
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return missing;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env });
  console.log(`Installing ${missing.map((program) => packageOf[program]).join(', ')} …`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...missing.map((program) => packageOf[program] ?? program));
  return missing.filter((program) => !onPath(program));
}
