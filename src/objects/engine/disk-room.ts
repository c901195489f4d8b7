import { statfs } from 'node:fs/promises';
import { HoldfastError } from '../../core/errors.ts';

/** The store leaves this much to its index, which must grow a little even to remove. */
export const INDEX_ROOM_BYTES = 4 * 2 ** 20;

/** False where writing `bytes` more below `directory` would run out of space: spares the attempt. */
export async function hasRoomFor(directory: string, bytes: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize >= bytes;
}

/** As the system would have said it. */
export function diskFull(path: string): HoldfastError {
  return HoldfastError.from(Object.assign(new Error('no space left on device'), { code: 'ENOSPC', path }));
}
