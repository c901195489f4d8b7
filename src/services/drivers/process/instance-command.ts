import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InstanceSpec, Mount } from '../../service-driver.ts';
import { MARKER } from './instance-processes.ts';
import type { InstanceFiles, InstanceRecord } from './instance-record.ts';
import { mountVariables } from './links.ts';
import { APP_DIRECTORY, encodeArguments, NODE_DIRECTORY, sandboxArguments } from './sandbox.ts';

/** How to run something the way the instance runs: same files, same environment, same walls. */
export interface PreparedCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Of the process on the host. In a sandbox the app's own environment is not in it: `LD_PRELOAD` would act outside. */
  readonly env: Readonly<Record<string, string>>;
  /** To be inherited as descriptor 3, then closed. */
  readonly descriptor?: number | undefined;
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function instanceEnvironment(
  spec: InstanceSpec,
  { record, files }: { readonly record: InstanceRecord; readonly files: InstanceFiles },
): Readonly<Record<string, string>> {
  const sandboxed = record.sandbox === 'bubblewrap';
  const home = sandboxed ? APP_DIRECTORY : files.app;
  const nodeDirectory = sandboxed ? NODE_DIRECTORY : dirname(process.execPath);
  const mountPath = (mount: Mount) => (sandboxed ? mount.mountPath : join(files.app, mount.mountPath));
  return {
    PATH: `${nodeDirectory}:${home}/node_modules/.bin:${SYSTEM_PATH}`,
    HOME: home,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NODE_ENV: 'production',
    ...(sandboxed ? {} : { TMPDIR: files.temporary }),
    ...spec.environment,
    ...mountVariables(record.mounts, mountPath),
    ...(record.port === null ? {} : { PORT: String(record.port), HOST: '127.0.0.1' }),
    [MARKER]: record.ticket,
    HOLDFAST_INSTANCE: record.id,
    HOLDFAST_APP: record.app,
    HOLDFAST_SERVICE: record.service,
    HOLDFAST_RELEASE: record.release,
  };
}

export interface CommandInput {
  readonly record: InstanceRecord;
  readonly files: InstanceFiles;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Absolute path of bwrap. */
  readonly bubblewrap: string | undefined;
  readonly hidden: readonly string[];
}

export function prepareCommand(input: CommandInput): PreparedCommand {
  const { record, files, environment, command, bubblewrap, hidden } = input;
  if (record.sandbox === 'links') return { argv: command, cwd: files.app, env: environment };
  if (!bubblewrap) throw new Error('bubblewrap, which the instance was started with, is not there any more');
  const { app, temporary } = files;
  const args = sandboxArguments({ ...record, app, temporary, environment, hidden });
  return {
    argv: [bubblewrap, '--args', '3', '--', ...command],
    cwd: '/',
    env: { PATH: SYSTEM_PATH, HOLDFAST_INSTANCE: record.id, [MARKER]: record.ticket },
    descriptor: openNameless(join(files.directory, 'arguments'), encodeArguments(args)),
  };
}

/**
 * A file that is complete before anybody reads it and that has no name by then:
 * it ends with its last descriptor, so no secret stays on disk, and a platform
 * that dies while it writes starts nothing (a pipe would give half an environment).
 */
function openNameless(path: string, content: string): number {
  const name = `${path}.${process.hrtime.bigint()}`;
  const writing = openSync(name, 'wx', 0o600);
  try {
    const reading = openSync(name, 'r');
    writeSync(writing, content);
    return reading;
  } finally {
    closeSync(writing);
    unlinkSync(name);
  }
}
