import { resolveRange } from './byte-range.ts';
import type { DataFiles } from './data-files.ts';
import type { Journal } from './journal.ts';
import type { ByteRange, ObjectRead } from './object-store.ts';
import { objectInfo, type Version } from './version.ts';

/** Reads versions. Whatever happens to the object meanwhile, its bytes stay until `release`. */
export class ObjectReader {
  readonly #journal: Journal;
  readonly #files: DataFiles;

  constructor(journal: Journal, files: DataFiles) {
    this.#journal = journal;
    this.#files = files;
  }

  /** Holds the bytes from the moment of the call. */
  open(key: string, version: Version): ObjectRead {
    const inline = version.files.length === 0;
    const release = inline ? this.#journal.pin(version.location.position) : this.#files.pin(version.files);
    return {
      info: objectInfo(key, version),
      body: (range) => {
        const resolved = resolveRange(range, version.size);
        return inline ? this.#inline(version, resolved) : this.#fromFiles(version, resolved);
      },
      release,
    };
  }

  /** All bytes of an inline version. */
  async inlineBytes({ location }: Version): Promise<Buffer> {
    return (await this.#journal.read(location.position, location.length)).data;
  }

  async *#inline(version: Version, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    if (end < start) return;
    const bytes = await this.inlineBytes(version);
    yield bytes.subarray(start, end + 1);
  }

  async *#fromFiles(version: Version, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (const file of version.files) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, file.size - 1);
      if (from <= to) yield* this.#files.read(file, from, to);
      offset += file.size;
      if (offset > end) return;
    }
  }
}
