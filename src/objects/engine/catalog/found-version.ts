import type { ListedObject } from '../../store/list.ts';
import { wallTime } from '../../store/stamp.ts';
import type { EntryReader } from './index-file.ts';
import { bytesOf, IndexTable, nameOf, objectKeyOfName, prefixTextOf, stampOfText, tableOfText } from './index-keys.ts';
import {
  decodeListed,
  decodeVersionEntry,
  decodeVersionFacts,
  fileCount,
  isDeleteMarker,
  isSealed,
  isVersioned,
  type RetainedVersion,
  splitUntil,
  type Version,
} from './version.ts';

/** A version as the index has it. What its entry says is read when it is asked for, each time anew. @throws HoldfastError `store.index-damaged` */
export class FoundVersion {
  /** The object key's bytes as a text: in the order of the index. */
  readonly name: string;
  readonly stamp: number;
  /** Of a retained version. */
  readonly until: number | undefined;
  readonly #key: string;
  readonly #entry: Buffer;
  readonly #reader: EntryReader;

  constructor(key: string, value: Buffer, reader: EntryReader) {
    const retained = tableOfText(key) === IndexTable.retained ? reader.decode(value, splitUntil) : undefined;
    this.name = nameOf(key);
    this.stamp = stampOfText(key);
    this.until = retained?.until;
    this.#key = key;
    this.#entry = retained?.rest ?? value;
    this.#reader = reader;
  }

  get objectKey(): string {
    return objectKeyOfName(this.name);
  }

  get prefix(): Buffer {
    return bytesOf(prefixTextOf(this.#key));
  }

  get deleteMarker(): boolean {
    return this.#reader.decode(this.#entry, isDeleteMarker);
  }

  get versioned(): boolean {
    return this.#reader.decode(this.#entry, isVersioned);
  }

  /** Its bytes are, by a key that the bucket's has sealed. */
  get sealed(): boolean {
    return this.#reader.decode(this.#entry, isSealed);
  }

  version(): Version & Partial<RetainedVersion> {
    const version = this.#reader.decode(this.#entry, (entry) => decodeVersionEntry(entry, this.stamp));
    return this.until === undefined ? version : { ...version, until: this.until };
  }

  /** As `version`, without its files. */
  facts() {
    return this.#reader.decode(this.#entry, (entry) => decodeVersionFacts(entry, this.stamp));
  }

  get fileCount(): number {
    return this.#reader.decode(this.#entry, fileCount);
  }

  listed(): ListedObject {
    const { size, etag, headers } = this.#reader.decode(this.#entry, decodeListed);
    return { key: this.objectKey, size, etag, lastModified: wallTime(this.stamp), headers };
  }
}
