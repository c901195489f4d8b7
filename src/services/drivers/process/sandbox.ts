import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, relative } from 'node:path';
import { exec } from '../../../core/exec.ts';
import type { Mount } from '../../service-driver.ts';

/** Where the app's copy appears in the sandbox. */
export const APP_DIRECTORY = '/app';

/** Where the platform's own Node appears in the sandbox: its place on the host is the host's affair, and may be below /tmp. */
export const NODE_DIRECTORY = '/run/holdfast/node';

const SYSTEM_DIRECTORIES = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/**
 * What programs need of /etc: names, certificates, the linker, time, fonts. Not
 * the rest: a platform that runs as root would show its instances /etc/shadow
 * and private keys.
 */
const ETC_ENTRIES = [
  ...['hosts', 'host.conf', 'hostname', 'resolv.conf', 'nsswitch.conf', 'gai.conf', 'services', 'protocols'],
  ...['passwd', 'group', 'localtime', 'timezone', 'locale.alias', 'mime.types', 'magic', 'alternatives'],
  ...['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ssl/certs', 'ssl/openssl.cnf', 'ca-certificates', 'pki/tls/certs'],
  ...['pki/ca-trust/extracted', 'crypto-policies', 'fonts', 'ImageMagick-6', 'ImageMagick-7'],
].map((name) => `/etc/${name}`);

/**
 * Parts of /proc that root may write without any capability, `core_pattern` for
 * one: bwrap covers them only where access(2) calls their directory writable,
 * which it does not without CAP_DAC_OVERRIDE. The list is that of the OCI
 * runtimes' default (`readonlyPaths`).
 */
const READ_ONLY_PROC = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** Nothing can be mounted over or inside these. */
const RESERVED = [...SYSTEM_DIRECTORIES, '/etc', '/proc', '/dev', '/sys', '/run'];

export interface SandboxOptions {
  /** The instance's copy of the app and its private /tmp, on the host. */
  readonly app: string;
  readonly temporary: string;
  /** Appears read-only as node_modules of the app. */
  readonly modules?: string | undefined;
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
  /** Host directories that must not be seen even where a system directory holds them. */
  readonly hidden: readonly string[];
}

/**
 * Arguments of bwrap(1), for its `--args`: in its argv anybody could read the
 * environment. Root starts as an empty tmpfs, so that mount points need not
 * exist on the host and everything not named here is absent.
 *
 * `--die-with-parent` ties it to the launcher: when that is killed, the kernel
 * kills the first process of the pid namespace and with it all others
 * (pid_namespaces(7)).
 */
export function sandboxArguments(options: SandboxOptions): readonly string[] {
  const hidden = options.hidden.filter((path) => SYSTEM_DIRECTORIES.some((system) => contains(system, path)));
  return [
    ...['--die-with-parent', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--cap-drop', 'ALL', '--tmpfs', '/'],
    ...SYSTEM_DIRECTORIES.flatMap(systemDirectory),
    ...ETC_ENTRIES.flatMap((path) => ['--ro-bind-try', path, path]),
    ...[
      '--proc',
      '/proc',
      ...READ_ONLY_PROC.filter(existsSync).flatMap((path) => ['--ro-bind', path, path]),
      '--dev',
      '/dev',
      '--ro-bind-try',
      '/sys/devices/system/cpu',
      '/sys/devices/system/cpu',
    ],
    ...['--dir', '/run', '--dir', '/var/tmp', '--bind', options.temporary, '/tmp'],
    ...hidden.flatMap((path) => ['--tmpfs', path]),
    ...['--ro-bind', dirname(process.execPath), NODE_DIRECTORY, '--bind', options.app, APP_DIRECTORY],
    ...(options.modules ? ['--ro-bind', options.modules, `${APP_DIRECTORY}/node_modules`] : []),
    ...[...options.mounts]
      .sort((a, b) => a.mountPath.length - b.mountPath.length) // a mount inside another comes after it
      .flatMap((mount) => [mount.readOnly ? '--ro-bind' : '--bind', mount.hostPath, mount.mountPath]),
    ...['--remount-ro', '/', '--chdir', APP_DIRECTORY, '--clearenv'],
    ...Object.entries(options.environment).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

/** `--args` takes them NUL-separated. */
export function encodeArguments(argv: readonly string[]): string {
  return argv.map((argument) => `${argument}\0`).join('');
}

/** Why nothing can be mounted there in a sandbox; `undefined` when it can. */
export function mountRefusal({ mountPath }: Mount): string | undefined {
  if (['/', '/tmp', APP_DIRECTORY].includes(mountPath)) return `mountPath ${mountPath} is the instance's own`;
  const system = RESERVED.find((directory) => contains(directory, mountPath));
  return system && `mountPath ${mountPath} lies in the system directory ${system}`;
}

/** A system directory of the host as it is there: a directory, a link (merged /usr), or not at all. */
function systemDirectory(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  if (lstatSync(path).isSymbolicLink()) return ['--symlink', readlinkSync(path), path];
  return ['--ro-bind', path, path];
}

export function contains(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return !way.startsWith('..') && !isAbsolute(way);
}

export interface Bubblewrap {
  /** Absolute path of bwrap. */
  readonly program: string;
}

/** Looks for bwrap and tries it: inside some containers it is there but may not make namespaces. */
export async function findBubblewrap(): Promise<Bubblewrap | { readonly reason: string }> {
  if (process.platform !== 'linux') return { reason: 'it exists for Linux only' };
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin', '/usr/local/bin'];
  const program = directories
    .map((directory) => `${directory}/bwrap`)
    .find((path) => isAbsolute(path) && existsSync(path));
  if (!program) return { reason: 'it is not installed' };
  const argv = sandboxArguments({ app: '/usr', temporary: '/usr', mounts: [], environment: {}, hidden: [] });
  try {
    await exec([program, ...argv, '--', `${NODE_DIRECTORY}/node`, '--version'], { env: {} });
    return { program };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
