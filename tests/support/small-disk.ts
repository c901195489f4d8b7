import { open, rm, statfs } from 'node:fs/promises';
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

  /** Takes every free byte. */
  async fill(): Promise<void> {
    const file = await open(join(this.path, 'filler'), 'w');
    const block = Buffer.alloc(1024 * 1024);
    try {
      for (let size = block.length; size >= 4096; ) {
        const written = await file.write(block.subarray(0, size)).catch(() => undefined);
        if (written === undefined) size /= 2;
      }
    } finally {
      await file.close();
    }
    const { bavail } = await statfs(this.path);
    if (bavail > 1) throw new Error(`${this.path} still has ${bavail} free blocks`);
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
