import type { Span } from './version.ts';

/** The head of every kind of removal. */
export interface RemovalHead {
  readonly span?: Span | undefined;
  /** Of an object: the stamp of the version that is gone. Absent: its null version, if that is older than the record. */
  readonly version?: number | undefined;
  /** Of an object: a lifecycle rule removed it. */
  readonly byLifecycle?: boolean | undefined;
}

/** Heads of records, and rows of the index, that are JSON. */
export function encodeHead(head: unknown): Buffer {
  return Buffer.from(JSON.stringify(head));
}

export function decodeHead<Head>(bytes: Buffer): Head {
  return JSON.parse(bytes.toString()) as Head;
}
