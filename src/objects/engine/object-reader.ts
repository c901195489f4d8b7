import { resolveRange } from '../store/byte-range.ts';
import type { ByteRange, ObjectRead } from '../store/object.ts';
import { type FileRef, objectInfo, type Version } from './catalog/version.ts';
import type { DataFiles } from './data-files.ts';
import { INLINE, openChunk } from './encryption/chunks.ts';
import { readEncrypted } from './encryption/encrypted-file.ts';
import { InlineCache } from './inline-cache.ts';
import type { Journal } from './journal/journal.ts';

/** A read of a few KiB costs more in the hand-over to another thread than in the system. */
const CACHE_BYTES = 16 * 2 ** 20;

/** Reads versions. Whatever happens to the object meanwhile, its bytes stay until `release`. */
export class ObjectReader {
  readonly #journal: Journal;
  readonly #files: DataFiles;
  readonly #cache = new InlineCache(CACHE_BYTES);

  constructor(journal: Journal, files: DataFiles) {
    this.#journal = journal;
    this.#files = files;
  }

  /** Holds the bytes from the moment of the call. `dataKey`: where the version is encrypted. */
  open(key: string, version: Version, dataKey: Buffer | undefined): ObjectRead {
    const inline = version.files.length === 0;
    const release = inline ? this.#journal.pin(version.location.position) : this.#files.pin(version.files);
    return {
      info: objectInfo(key, version),
      body: (range) => {
        const resolved = resolveRange(range, version.size);
        return inline ? this.inline(version, dataKey, resolved) : this.#fromFiles(version, resolved, dataKey);
      },
      release,
    };
  }

  /** All bytes of an inline version, as they are kept. */
  async inlineBytes({ location: { position, length } }: Version): Promise<Buffer> {
    const cached = this.#cache.get(position);
    if (cached) return cached;
    const { data } = await this.#journal.read(position, length);
    this.#cache.set(position, data);
    return data;
  }

  /** Of an inline version. */
  async *inline(
    version: Version,
    dataKey: Buffer | undefined,
    { start, end }: ByteRange = resolveRange(undefined, version.size),
  ): AsyncGenerator<Uint8Array> {
    if (end < start) return;
    const kept = await this.inlineBytes(version);
    const bytes = dataKey ? openChunk(dataKey, INLINE, kept) : kept;
    yield bytes.subarray(start, end + 1);
  }

  async *#fromFiles(
    version: Version,
    { start, end }: ByteRange,
    dataKey: Buffer | undefined,
  ): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (const file of version.files) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, file.size - 1);
      if (from <= to) yield* this.file(file, { start: from, end: to }, dataKey);
      offset += file.size;
      if (offset > end) return;
    }
  }

  /** Of one file of a version. */
  file(file: FileRef, { start, end }: ByteRange, dataKey: Buffer | undefined): AsyncIterable<Uint8Array> {
    return dataKey
      ? readEncrypted(this.#files, file, { key: dataKey, start, end })
      : this.#files.read(file, start, end);
  }
}
