/** A file that is never written again, and has the bytes of an object, or of a part of one. */
export interface StoredFile {
  readonly id: number;
  /** Of the bytes as they were given. */
  readonly size: number;
  /** Of the file as it is. */
  readonly crc: number;
}

/** Where the bytes of a large object are, for other processes of this machine. */
export interface StoredBody {
  readonly directory: string;
  /** In their order. */
  readonly files: readonly StoredFile[];
  /** Under which they are encrypted; absent: they are not. */
  readonly dataKey?: Uint8Array | undefined;
}
