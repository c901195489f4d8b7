import { type ChildProcess, spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { HoldfastError } from '../core/errors.ts';
import { reachableHost } from '../core/listen.ts';
import { createLogger } from '../core/log.ts';
import { type ConfigFlags, type HostConfig, readConfig } from './config.ts';
import { dataDirectoryLayout, openDataDirectory } from './data-directory.ts';
import type { RoleMessage } from './role-process.ts';
import { runningSupervisor, startSupervisor } from './supervisor.ts';

interface UpFlags extends ConfigFlags {
  readonly detach?: boolean;
  readonly ifStopped?: boolean;
}

export function upCommand(program: Command): void {
  program
    .command('up')
    .option('-d, --detach', 'return when it is ready and leave it running')
    .option('--if-stopped', 'succeed when it already runs, instead of refusing')
    .option('--region <code>', 'region of this machine (default: local)')
    .addHelpText('after', '\nExamples:\n  $ holdfast up --detach\n  $ HOLDFAST_HTTP_PORT=8000 holdfast up')
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<UpFlags>();
      const config = readConfig(flags, process.env);
      if (flags.ifStopped && (await runningSupervisor(dataDirectoryLayout(config.dataDirectory))) !== undefined) {
        process.stdout.write(welcome(config));
      } else if (flags.detach) await upDetached(config);
      else await upForeground(config);
    });
}

/** Serves until SIGTERM or Ctrl-C; the instances go on without it. */
async function upForeground(config: HostConfig): Promise<void> {
  const log = createLogger('supervisor', config.logLevel);
  const tell = (message: RoleMessage) => process.send?.(message);
  const starting = startSupervisor(config, log);
  const stop = async () => {
    const supervisor = await starting.catch(() => undefined);
    await supervisor?.stop();
    process.exit(0);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    await starting;
  } catch (error) {
    tell({ type: 'failed', error: HoldfastError.from(error).toJSON() });
    throw error;
  }
  sayToLog(welcome(config));
  tell({ type: 'ready' });
}

const STDOUT = 1;

/** A log on a full disk takes no line. That ends a command, whose answer it is, and must not end the platform. */
function sayToLog(text: string): void {
  try {
    writeSync(STDOUT, text);
  } catch {
    // nobody needs it to go on
  }
}

async function upDetached(config: HostConfig): Promise<void> {
  const directory = await openDataDirectory(config.dataDirectory);
  const log = await open(directory.platformLog, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('../main.ts', import.meta.url)), ...upArguments()],
    { detached: true, stdio: ['ignore', log.fd, log.fd, 'ipc'] },
  );
  try {
    await readiness(child, directory.platformLog);
  } finally {
    await log.close();
    if (child.connected) child.disconnect();
    child.unref();
  }
  process.stdout.write(welcome(config));
}

/** The arguments of this very command without the flag that detaches it. */
function upArguments(): string[] {
  return process.argv.slice(2).filter((argument) => !['-d', '--detach', '--if-stopped'].includes(argument));
}

/** A platform that failed is told of when it has ended: the next one finds nothing of it. */
function readiness(child: ChildProcess, logPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: HoldfastError | undefined;
    child.on('message', (message: RoleMessage) => {
      if (message.type === 'ready') resolve();
      else failure = new HoldfastError(message.error);
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        failure ??
          new HoldfastError({
            code: 'up.failed',
            kind: 'internal',
            message: `the platform ended while starting (${signal ?? `exit code ${code}`})`,
            hint: `${logPath} says why`,
          }),
      ),
    );
  });
}

function welcome({ listenAddress, apiPort, s3Port, httpPort, dataDirectory }: HostConfig): string {
  const host = reachableHost(listenAddress);
  return [
    'Holdfast is up.',
    `  API       http://${host}:${apiPort}`,
    `  S3        http://${host}:${s3Port}`,
    `  Apps      http://<service>-<app>.localhost:${httpPort}`,
    `  Data      ${dataDirectory}`,
    '',
  ].join('\n');
}
