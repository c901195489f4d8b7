import { resolveRange } from '../store/byte-range.ts';
import { heldRead } from '../store/held-read.ts';
import type { ObjectRead } from '../store/object.ts';
import type { StoredBody } from '../store/stored-body.ts';
import { type FileRef, objectInfo, type Version } from './catalog/version.ts';
import { INLINE, openChunk } from './encryption/chunks.ts';
import type { KeyOwner, ObjectKeys } from './encryption/object-keys.ts';
import type { DataFiles } from './files/data-files.ts';
import { readStored, readStoredFile } from './files/stored-body.ts';
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
    const stored: StoredBody = { directory: files.reader.directory, files: version.files, dataKey };
    return {
      info,
      stored,
      body: (range) => readStored(stored, resolveRange(range, version.size)),
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
  async keptInline({ location: { position, length }, stamp }: Version): Promise<Buffer> {
    const { data } = await this.#options.journal.read(position, length, stamp);
    return data;
  }

  /** All of one file of a version. */
  file(file: FileRef, dataKey: Buffer | undefined): AsyncIterable<Uint8Array> {
    return readStoredFile(this.#options.files.reader, file, { start: 0, end: file.size - 1, dataKey });
  }
}
