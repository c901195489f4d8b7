import { resolveRange } from '../store/byte-range.ts';
import { heldRead } from '../store/held-read.ts';
import type { ByteRange, ObjectRead } from '../store/object.ts';
import { type FileRef, objectInfo, type Version } from './catalog/version.ts';
import type { DataFiles } from './data-files.ts';
import { INLINE, openChunk } from './encryption/chunks.ts';
import { readEncrypted } from './encryption/encrypted-file.ts';
import type { KeyOwner, ObjectKeys } from './encryption/object-keys.ts';
import type { Journal } from './journal/journal.ts';
import { RecentCache } from './recent-cache.ts';

/** A read of a few KiB costs more in the hand-over to another thread than in the system. */
const CACHE_BYTES = 16 * 2 ** 20;
const CACHE_ENTRY_BYTES = 256;
const NO_BYTES = Buffer.alloc(0);

interface ObjectReaderOptions {
  readonly journal: Journal;
  readonly files: DataFiles;
  readonly keys: ObjectKeys;
}

/** Reads versions. Whatever happens to the object meanwhile, its bytes stay until `release`. */
export class ObjectReader {
  readonly #options: ObjectReaderOptions;
  /** Inline bytes as they were written, by position: what is there never changes, and no position comes again. */
  readonly #opened = new RecentCache<number, Buffer>({
    limit: CACHE_BYTES,
    weigh: ({ length }) => CACHE_ENTRY_BYTES + length,
  });

  constructor(options: ObjectReaderOptions) {
    this.#options = options;
  }

  /** Holds the bytes from the moment of the call. @throws HoldfastError as `ObjectKeys.openVersion` */
  async open(owner: KeyOwner, version: Version, customerKey: Uint8Array | undefined): Promise<ObjectRead> {
    const info = objectInfo(owner.key, version);
    if (version.files.length === 0) return heldRead(info, await this.#inline(owner, version, customerKey));
    const { files, keys } = this.#options;
    const dataKey = keys.openVersion(owner, version, customerKey)?.data;
    return {
      info,
      body: (range) => this.#fromFiles(version, resolveRange(range, version.size), dataKey),
      release: files.pin(version.files),
    };
  }

  /** A customer has to show the key each time: what it opens is not kept. */
  async #inline(owner: KeyOwner, version: Version, customerKey: Uint8Array | undefined): Promise<Buffer> {
    const { position } = version.location;
    const known = customerKey ? undefined : this.#opened.get(position);
    if (known) return known;
    const dataKey = this.#options.keys.openVersion(owner, version, customerKey);
    if (version.size === 0) return NO_BYTES;
    const kept = await this.keptInline(version);
    const bytes = dataKey ? openChunk(dataKey.data, INLINE, kept) : kept;
    if (!customerKey) this.#opened.set(position, bytes);
    return bytes;
  }

  /** All bytes of an inline version, as they are kept. */
  async keptInline({ location: { position, length } }: Version): Promise<Buffer> {
    const { data } = await this.#options.journal.read(position, length);
    return data;
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
    const { files } = this.#options;
    return dataKey ? readEncrypted(files, file, { key: dataKey, start, end }) : files.read(file, start, end);
  }
}
