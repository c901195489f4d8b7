import { resolveRange } from '../store/byte-range.ts';
import { heldRead } from '../store/held-read.ts';
import type { ByteRange, ObjectRead } from '../store/object.ts';
import type { StoredBody } from '../store/stored-body.ts';
import { storeUnreachable } from './errors.ts';
import type { StoreConnection } from './store-connection.ts';

export type ReadStored = (stored: StoredBody, range: ByteRange) => AsyncIterable<Uint8Array>;

/** The bytes of a small object are in the answer; those of a large one are read from its files, or sent by the store. */
export async function openRemote(
  connection: StoreConnection,
  args: readonly unknown[],
  readStored: ReadStored | undefined,
): Promise<ObjectRead> {
  const { stream, opened } = await connection.open({ method: 'open', args });
  const { info, bytes, stored } = opened;
  if (bytes) return heldRead(info, bytes);
  const body = (range?: ByteRange) => {
    if (!stored || !readStored) return connection.read(stream, range);
    return whileHeld(connection, readStored(stored, resolveRange(range, info.size)));
  };
  let isOpen = true;
  const release = () => {
    if (isOpen) connection.release(stream);
    isOpen = false;
  };
  return { info, body, release };
}

/** What is read is right to the end, but without the store nobody keeps the files. */
async function* whileHeld(connection: StoreConnection, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw connection.isOver ? storeUnreachable(error) : error;
  }
}
