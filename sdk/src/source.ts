import { invalidArgument } from './errors.ts';

/** What `put` takes. Streams are read once, at the pace of the upload. */
export type PutData =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** Data cut into the parts of an upload. */
export interface Source {
  /** Absent for streams. */
  readonly size: number | undefined;
  /** Parts of exactly `partSize` bytes and a last one of at most that; none for empty data. */
  parts(partSize: number): AsyncGenerator<Uint8Array, void, void>;
  /** Gives a stream up, also one that is silent. */
  release?(): void;
}

export function sourceOf(data: PutData): Source {
  if (typeof data === 'string') return bytesSource(Buffer.from(data, 'utf8'));
  if (data instanceof ArrayBuffer) return bytesSource(new Uint8Array(data));
  if (ArrayBuffer.isView(data)) return bytesSource(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (data instanceof Blob) return blobSource(data);
  if (isAsyncIterable(data)) return streamSource(data);
  throw invalidArgument(
    `cannot store ${data === null ? 'null' : typeof data}: give a string, Buffer, Uint8Array, ArrayBuffer, Blob or a stream`,
  );
}

function bytesSource(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    async *parts(partSize) {
      for (let offset = 0; offset < bytes.length; offset += partSize) yield bytes.subarray(offset, offset + partSize);
    },
  };
}

function blobSource(blob: Blob): Source {
  return {
    size: blob.size,
    async *parts(partSize) {
      for (let offset = 0; offset < blob.size; offset += partSize) {
        yield new Uint8Array(await blob.slice(offset, offset + partSize).arrayBuffer());
      }
    },
  };
}

function streamSource(stream: AsyncIterable<Uint8Array | string> & { destroy?: unknown }): Source {
  return {
    size: undefined,
    parts: (partSize) => regroup(stream, partSize),
    release() {
      if (typeof stream.destroy === 'function') stream.destroy();
    },
  };
}

/** Chunks of any sizes → parts of one size, each in memory of its own. */
async function* regroup(
  chunks: AsyncIterable<Uint8Array | string>,
  partSize: number,
): AsyncGenerator<Uint8Array, void, void> {
  let pending: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let bytes = toBytes(chunk);
    while (length + bytes.length >= partSize) {
      const rest = partSize - length;
      yield Buffer.concat([...pending, bytes.subarray(0, rest)]);
      bytes = bytes.subarray(rest);
      pending = [];
      length = 0;
    }
    if (bytes.length > 0) pending.push(bytes);
    length += bytes.length;
  }
  if (length > 0) yield Buffer.concat(pending);
}

function toBytes(chunk: unknown): Uint8Array {
  if (typeof chunk === 'string') return Buffer.from(chunk, 'utf8');
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw invalidArgument(`the stream gave a chunk of type ${typeof chunk}; it must give bytes or strings`);
}

function isAsyncIterable(data: unknown): data is AsyncIterable<Uint8Array | string> {
  return typeof data === 'object' && data !== null && Symbol.asyncIterator in data;
}
