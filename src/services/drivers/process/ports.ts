import { randomInt } from 'node:crypto';
import { lstat, mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isNodeError } from '../../../core/errors.ts';
import { acquireProcessLock } from '../../../core/process-lock.ts';
import { noFreePort } from './errors.ts';

/** Below the ephemeral ranges of Linux (32768–60999) and of the BSDs (49152–65535), whose clients could sit on a port. */
const DEFAULT_PORT_RANGE: PortRange = { from: 20_000, to: 29_999 };

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Ports that instances of this machine have been given, whatever data directory
 * they belong to: a port is known to be in use only once its instance listens,
 * so each is claimed first, in a place that all drivers of this user share.
 * A claim is a link to the directory of its instance and lasts as long as that.
 */
export class PortClaims {
  readonly #range: PortRange;
  readonly #directory: string;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(range: PortRange = DEFAULT_PORT_RANGE) {
    this.#range = range;
    this.#directory = join(tmpdir(), `holdfast-ports-${userInfo().uid}`);
  }

  /** @throws HoldfastError `instance.start` when every port is taken */
  claim(instanceDirectory: string): Promise<number> {
    const claimed = this.#queue.then(() => this.#claimLocked(instanceDirectory));
    this.#queue = claimed.catch(() => {});
    return claimed;
  }

  async release(port: number, instanceDirectory: string): Promise<void> {
    const path = join(this.#directory, String(port));
    if ((await readlink(path).catch(() => undefined)) === instanceDirectory) await rm(path, { force: true });
  }

  async #claimLocked(instanceDirectory: string): Promise<number> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const lock = await acquireProcessLock(join(this.#directory, 'lock'), { waitMs: 10_000 });
    try {
      const { from, to } = this.#range;
      const count = to - from + 1;
      const first = randomInt(count);
      for (let i = 0; i < count; i++) {
        const port = from + ((first + i) % count);
        if (await this.#take(port, instanceDirectory)) return port;
      }
      throw noFreePort(from, to);
    } finally {
      lock?.release();
    }
  }

  async #take(port: number, instanceDirectory: string): Promise<boolean> {
    const path = join(this.#directory, String(port));
    const owner = await readlink(path).catch(() => undefined);
    if (owner !== undefined && owner !== instanceDirectory && (await exists(owner))) return false;
    if (!(await isFree(port))) return false;
    await rm(path, { force: true });
    await symlink(instanceDirectory, path);
    return true;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isNodeError(error, 'ENOENT')) return false;
    throw error;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
