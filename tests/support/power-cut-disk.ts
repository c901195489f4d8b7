import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { diskObstacle } from './disk-obstacle.ts';

/** Program → Debian package. */
const PROGRAMS = {
  nbdkit: 'nbdkit',
  'qemu-storage-daemon': 'qemu-system-common',
  fusermount3: 'fuse3',
  'mkfs.ext4': 'e2fsprogs',
};

/** Why there can be no such disk here, `undefined` when there can. */
export const powerCutObstacle = () => diskObstacle(PROGRAMS);

export interface PowerCutDiskOptions {
  /** Empty, for the disk's own files. */
  readonly directory: string;
  readonly bytes: number;
  /** Of mount(8), `barrier=0` for a file system that never flushes the disk's cache. */
  readonly mountOptions?: readonly string[];
}

/**
 * A disk with a volatile write cache, whose power can be cut: nbdkit holds what was written and
 * not flushed in memory of its own, which dies with it. qemu-storage-daemon makes a file of it,
 * a loop device a disk of the file, and ext4 lives on that.
 */
export class PowerCutDisk implements AsyncDisposable {
  /** Where the file system is while the power is on. */
  readonly path: string;
  readonly #options: PowerCutDiskOptions;
  readonly #image: string;
  #power: Power | undefined;

  private constructor(options: PowerCutDiskOptions) {
    this.#options = options;
    this.path = join(options.directory, 'mnt');
    this.#image = join(options.directory, 'disk.img');
  }

  static async create(options: PowerCutDiskOptions): Promise<PowerCutDisk> {
    const disk = new PowerCutDisk(options);
    await mkdir(disk.path, { recursive: true });
    await disk.format();
    return disk;
  }

  /** An empty file system; the disk is detached. */
  async format(): Promise<void> {
    await writeFile(this.#image, '');
    await truncate(this.#image, this.#options.bytes);
    await exec(['mkfs.ext4', '-qF', '-m0', '-E', 'lazy_itable_init=1,lazy_journal_init=1', this.#image]);
  }

  /** As at the boot of a machine: the mount replays the file system's journal. */
  async powerOn(): Promise<void> {
    if (this.#power) throw new Error('the power is on');
    const { directory, mountOptions = [] } = this.#options;
    this.#power = await Power.on({ directory, image: this.#image });
    const options = ['loop', 'noatime', ...mountOptions].join(',');
    await exec(['mount', '-t', 'ext4', '-o', options, this.#power.device, this.path]);
  }

  /** What was not flushed is gone; what runs on the disk gets errors from now on. */
  async cutPower(): Promise<void> {
    await this.#power?.cut();
  }

  /** After `cutPower` and when nothing uses it any more, or to shut down in order. */
  async detach(): Promise<void> {
    const power = this.#power;
    this.#power = undefined;
    try {
      await unmount(this.path);
    } finally {
      await power?.off();
    }
  }

  /** @throws HoldfastError `exec.failed` when the file system is damaged; the disk is detached. */
  async checkFileSystem(): Promise<void> {
    await exec(['e2fsck', '-fn', this.#image]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
    await this.detach();
  }
}

/** The two programs that are the disk while it has power. */
class Power {
  /** The disk, as a file. */
  readonly device: string;
  readonly #cache: ChildProcess;
  readonly #export: ChildProcess;

  private constructor(device: string, cache: ChildProcess, exported: ChildProcess) {
    this.device = device;
    this.#cache = cache;
    this.#export = exported;
  }

  static async on({ directory, image }: { readonly directory: string; readonly image: string }): Promise<Power> {
    const inDirectory = (name: string) => join(directory, name);
    const [socket, device] = [inDirectory('nbd.sock'), inDirectory('device')];
    /** Each program writes its own when it is ready for the next one. */
    const [serves, exports] = [inDirectory('cache.pid'), inDirectory('export.pid')];
    for (const path of [socket, serves, exports]) await rm(path, { force: true });
    await writeFile(device, '');
    const cache = start(cacheCommand({ socket, image, pid: serves }), directory);
    const exported = await ready(cache, serves).then(
      () => start(exportCommand({ socket, device, pid: exports }), directory),
      (error: unknown) => end(cache, 'SIGKILL').then(() => Promise.reject(error)),
    );
    const power = new Power(device, cache, exported);
    await ready(exported, exports).catch((error: unknown) => power.off().then(() => Promise.reject(error)));
    return power;
  }

  async cut(): Promise<void> {
    await end(this.#cache, 'SIGKILL');
  }

  /** With the power still on, everything is written first. */
  async off(): Promise<void> {
    await end(this.#export, 'SIGTERM');
    await end(this.#cache, 'SIGTERM');
    await unmount(this.device);
  }
}

/** nbdkit-cache-filter(1): `writeback` keeps writes until a flush. */
function cacheCommand({ socket, image, pid }: Record<'socket' | 'image' | 'pid', string>): readonly string[] {
  const options = ['--exit-with-parent', '-U', socket, '-P', pid, '--filter=cache'];
  return ['nbdkit', ...options, 'file', image, 'cache=writeback'];
}

function exportCommand({ socket, device, pid }: Record<'socket' | 'device' | 'pid', string>): readonly string[] {
  return [
    'qemu-storage-daemon',
    ...['--blockdev', `driver=nbd,node-name=disk,server.type=unix,server.path=${socket}`],
    ...['--export', `type=fuse,id=disk,node-name=disk,mountpoint=${device},writable=on`],
    ...['--pidfile', pid],
  ];
}

function start([program = '', ...args]: readonly string[], temporary: string): ChildProcess {
  return spawn(program, args, { stdio: 'ignore', env: { ...process.env, TMPDIR: temporary } });
}

async function ready(child: ChildProcess, path: string): Promise<void> {
  await waitUntil(() => existsSync(path) || child.exitCode !== null, { timeoutMs: 60_000, what: path });
  if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** What is still in use goes when it is not, and is reported. */
async function unmount(path: string): Promise<void> {
  const isMounted = await exec(['mountpoint', '-q', path]).then(
    () => true,
    () => false,
  );
  if (!isMounted) return;
  await exec(['umount', path]).catch(async (error: unknown) => {
    await exec(['umount', '-l', path]);
    throw error;
  });
}
