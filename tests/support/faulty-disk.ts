import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../src/core/exec.ts';
import { waitUntil } from '../../src/core/retry.ts';
import type { DiskCommand, DiskFaults, DiskRange } from './disk-memory.ts';
import { diskObstacle } from './disk-obstacle.ts';
import type { Recorded } from './disk-recording.ts';

const BLOCK = 4096;

/** Program → Debian package. */
const PROGRAMS = {
  'qemu-storage-daemon': 'qemu-system-common',
  fusermount3: 'fuse3',
  losetup: 'mount',
  filefrag: 'e2fsprogs',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
};

/** Why there can be no such disk here, `undefined` when there can. */
export const faultyDiskObstacle = () => diskObstacle(PROGRAMS);

export interface FaultyDiskOptions {
  /** Empty, for the disk's own files. */
  readonly directory: string;
  readonly bytes: number;
  readonly fileSystem: 'ext4' | 'xfs';
  /** Of mount(8). */
  readonly mountOptions?: readonly string[];
}

const FORMAT = {
  ext4: ['mkfs.ext4', '-qF', '-b4096', '-m0', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard'],
  xfs: ['mkfs.xfs', '-qfK'],
};

/**
 * A block device with a file system whose faults are chosen: a disk in the memory of another
 * process, which qemu-storage-daemon makes a file of and a loop device a disk of the file.
 */
export class FaultyDisk implements AsyncDisposable {
  /** Where the file system is while it is mounted. */
  readonly path: string;
  readonly #options: FaultyDiskOptions;
  readonly #disk: ChildProcess;
  readonly #device: string;
  readonly #socket: string;
  #export: ChildProcess | undefined;
  #loop: string | undefined;
  #asked = 0;

  private constructor(options: FaultyDiskOptions) {
    const { directory, bytes } = options;
    this.#options = options;
    this.path = join(directory, 'mnt');
    this.#device = join(directory, 'device');
    this.#socket = join(directory, 'nbd.sock');
    const program = join(import.meta.dirname, 'faulty-disk-program.ts');
    this.#disk = spawn(process.execPath, [program, this.#socket, String(bytes)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Formatted, not mounted. */
  static async create(options: FaultyDiskOptions): Promise<FaultyDisk> {
    const disk = new FaultyDisk(options);
    await mkdir(disk.path, { recursive: true });
    await once(disk.#disk, 'message');
    await disk.#attach();
    await exec([...FORMAT[options.fileSystem], disk.#loop ?? '']);
    await disk.#detach();
    return disk;
  }

  /** As at the boot of a machine: nothing of before is in the system's memory. */
  async mount(): Promise<void> {
    await this.#attach();
    const { fileSystem, mountOptions = [] } = this.#options;
    await exec(['mount', '-t', fileSystem, '-o', ['noatime', ...mountOptions].join(','), this.#loop ?? '', this.path]);
  }

  async unmount(): Promise<void> {
    await exec(['umount', this.path]).catch(() => exec(['umount', '-l', this.path]));
    await this.#detach();
  }

  /** What was not flushed is lost; unmounted. Nothing may use it any more. */
  async powerCut(): Promise<void> {
    await this.#tell({ type: 'faults', faults: { writeError: 'EIO' } });
    await this.unmount();
    await this.#tell({ type: 'cut' });
    await this.fail({});
  }

  async fail(faults: DiskFaults): Promise<void> {
    await this.#tell({ type: 'faults', faults });
  }

  /** From now on, until `recorded`, all states of the disk are kept, with the lines said into the FIFO. */
  async record(story: string): Promise<void> {
    await this.#tell({ type: 'record', story });
  }

  /** Since `record`. */
  async flushes(): Promise<number> {
    return (await this.#tell({ type: 'flushes' })) as number;
  }

  async recorded(): Promise<Recorded> {
    return (await this.#tell({ type: 'recorded' })) as Recorded;
  }

  /** As after a power cut behind a flush of the recording; unmounted before. */
  async rewind(flushes: number, { torn }: { readonly torn: boolean }): Promise<void> {
    await this.#tell({ type: 'rewind', flushes, torn });
  }

  /** Writes that have failed since `fail`. */
  async failedWrites(): Promise<number> {
    return (await this.#tell({ type: 'failed' })) as number;
  }

  async #tell(command: DiskCommand): Promise<number | Recorded> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<number | Recorded>();
    const hear = (answer: { readonly id: number; readonly result: number | Recorded }) => {
      if (answer.id === id) resolve(answer.result);
    };
    this.#disk.on('message', hear);
    this.#disk.send({ id, command });
    return promise.finally(() => this.#disk.off('message', hear));
  }

  /** Where on the disk the bytes of a file are. */
  async extents(file: string): Promise<readonly DiskRange[]> {
    const { stdout } = await exec(['filefrag', `-b${BLOCK}`, '-es', file]);
    return [...stdout.matchAll(/^ *\d+: +\d+\.\. +\d+: +(\d+)\.\. +(\d+):/gm)].map(([, first, last]) => ({
      start: Number(first) * BLOCK,
      end: (Number(last) + 1) * BLOCK,
    }));
  }

  async #attach(): Promise<void> {
    const pid = join(this.#options.directory, 'export.pid');
    await rm(pid, { force: true });
    await writeFile(this.#device, '');
    const child = spawn(
      'qemu-storage-daemon',
      [
        ...['--blockdev', `driver=nbd,node-name=disk,server.type=unix,server.path=${this.#socket}`],
        ...['--export', `type=fuse,id=disk,node-name=disk,mountpoint=${this.#device},writable=on`],
        ...['--pidfile', pid],
      ],
      { stdio: 'ignore' },
    );
    this.#export = child;
    await waitUntil(() => existsSync(pid) || child.exitCode !== null, { timeoutMs: 60_000, what: 'the export' });
    const { stdout } = await exec(['losetup', '-f', '--show', this.#device]);
    this.#loop = stdout.trim();
  }

  async #detach(): Promise<void> {
    const [child, loop] = [this.#export, this.#loop];
    this.#export = undefined;
    this.#loop = undefined;
    if (loop) await exec(['losetup', '-d', loop]);
    if (!child || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    await exec(['umount', this.#device]).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail({});
    if (this.#loop) await this.unmount().catch(() => this.#detach());
    this.#disk.disconnect();
  }
}
