import type { ListedObject } from '../../store/list.ts';
import { wallTime } from '../../store/stamp.ts';
import { bytesOf, IndexTable, nameOf, objectKeyOfName, prefixTextOf, stampOfText, tableOfText } from './index-keys.ts';
import {
  decodeListed,
  decodeVersionEntry,
  isDeleteMarker,
  isVersioned,
  type RetainedVersion,
  splitUntil,
  type Version,
} from './version.ts';

/** A version as the index has it. What its entry says is read when it is asked for, each time anew. */
export class FoundVersion {
  /** The object key's bytes as a text: in the order of the index. */
  readonly name: string;
  readonly stamp: number;
  /** Of a retained version. */
  readonly until: number | undefined;
  readonly #key: string;
  readonly #entry: Buffer;

  constructor(key: string, value: Buffer) {
    const retained = tableOfText(key) === IndexTable.retained ? splitUntil(value) : undefined;
    this.name = nameOf(key);
    this.stamp = stampOfText(key);
    this.until = retained?.until;
    this.#key = key;
    this.#entry = retained?.rest ?? value;
  }

  get objectKey(): string {
    return objectKeyOfName(this.name);
  }

  get prefix(): Buffer {
    return bytesOf(prefixTextOf(this.#key));
  }

  get deleteMarker(): boolean {
    return isDeleteMarker(this.#entry);
  }

  get versioned(): boolean {
    return isVersioned(this.#entry);
  }

  version(): Version & Partial<RetainedVersion> {
    const version = decodeVersionEntry(this.#entry, this.stamp);
    return this.until === undefined ? version : { ...version, until: this.until };
  }

  listed(): ListedObject {
    const { size, etag, headers } = decodeListed(this.#entry);
    return { key: this.objectKey, size, etag, lastModified: wallTime(this.stamp), headers };
  }
}
