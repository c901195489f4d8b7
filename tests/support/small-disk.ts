import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../src/core/exec.ts';

/** A file system of its own that can really be full: tmpfs, so root only. */
export async function mountSmallDisk(path: string, bytes: number): Promise<SmallDisk> {
  await exec(['mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
  return new SmallDisk(path);
}

export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Takes every free byte, also what those who use the disk give back meanwhile. */
  async fill(): Promise<void> {
    const file = await open(join(this.path, 'filler'), 'w');
    try {
      while ((await statfs(this.path)).bavail > 1) await writeUntilFull(file);
    } finally {
      await file.close();
    }
  }

  async empty(): Promise<void> {
    await rm(join(this.path, 'filler'));
  }

  async resize(bytes: number): Promise<void> {
    await exec(['mount', '-o', `remount,size=${bytes}`, this.path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await exec(['umount', this.path]);
  }
}

async function writeUntilFull(file: FileHandle): Promise<void> {
  const block = Buffer.alloc(1024 * 1024);
  for (let size = block.length; size >= 4096; ) {
    const written = await file.write(block.subarray(0, size)).catch(() => undefined);
    if (written === undefined) size /= 2;
  }
}
