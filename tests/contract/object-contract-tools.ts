import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { HoldfastError } from '../../src/core/errors.ts';
import type { ObjectMetadata } from '../../src/objects/store/object.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';

export interface ObjectStoreUnderTest {
  readonly store: ObjectStore;
  /** Parts but the last must have this many bytes. */
  readonly minPartBytes: number;
  /** Sizes around which the store changes how it keeps bytes. */
  readonly sizes: readonly number[];
  dispose(): Promise<void>;
}

export const plain: ObjectMetadata = { contentType: 'text/plain', headers: {}, user: {} };

export async function* bytesOf(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

export function md5(bytes: string | Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export async function readObject(store: ObjectStore, bucket: string, key: string): Promise<Buffer> {
  const read = await store.open(bucket, key);
  try {
    const bytes = await readAll(read.body());
    if (read.bytes) expect(Buffer.from(read.bytes)).toEqual(bytes);
    return bytes;
  } finally {
    read.release();
  }
}

export const failure = (code: string) => expect.objectContaining({ code }) as HoldfastError;
