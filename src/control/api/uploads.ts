import { createHash, timingSafeEqual } from 'node:crypto';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectoryDurable, renameDurable, syncDirectory } from '../../core/durable-files.ts';
import { isNodeError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { apiErrors } from './errors.ts';

interface Upload {
  readonly id: string;
  readonly size: number;
  /** Of the bytes as they came, hexadecimal. */
  readonly sha256: string;
}

export interface UploadStore {
  /**
   * Takes a source archive; it is on the disk when this resolves and nothing is left when it rejects.
   * @throws HoldfastError `upload.too-large`, `upload.damaged`, `disk.full`
   */
  receive(body: AsyncIterable<Uint8Array>, options: { readonly sha256?: string | undefined }): Promise<Upload>;
  /**
   * The path of an upload for the one deployment that gets it: a second claim finds nothing.
   * @throws HoldfastError `upload.not-found`
   */
  claim(id: string): Promise<string>;
}

/** An upload that nobody has claimed after so long is removed by the next one. */
const UNCLAIMED_MS = 24 * 3600e3;
const WAITING = '.upload';

export function createUploadStore({
  directory,
  maxBytes,
}: {
  readonly directory: string;
  readonly maxBytes: number;
}): UploadStore {
  return {
    receive: async (body, { sha256 }) => {
      await makeDirectoryDurable(directory);
      await removeUnclaimed(directory);
      const id = newId('upl');
      const path = join(directory, id + WAITING);
      try {
        const written = await writeBody(path, body, maxBytes);
        if (sha256 !== undefined && !sameDigest(written.sha256, sha256)) throw apiErrors.uploadDamaged();
        await syncDirectory(directory);
        return { id, ...written };
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },

    claim: async (id) => {
      if (!/^upl_[0-9a-z]+$/.test(id)) throw apiErrors.uploadUnknown(id);
      const claimed = join(directory, `${id}.tar.gz`);
      try {
        await renameDurable(join(directory, id + WAITING), claimed);
      } catch (error) {
        throw isNodeError(error, 'ENOENT') ? apiErrors.uploadUnknown(id) : error;
      }
      return claimed;
    },
  };
}

async function writeBody(
  path: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw apiErrors.uploadTooLarge(maxBytes);
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  await file.sync();
  return { size, sha256: hash.digest('hex') };
}

function sameDigest(actual: string, expected: string): boolean {
  return actual.length === expected.length && timingSafeEqual(Buffer.from(actual), Buffer.from(expected));
}

async function removeUnclaimed(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith(WAITING)) continue;
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < Date.now() - UNCLAIMED_MS) await rm(path, { force: true });
  }
}
