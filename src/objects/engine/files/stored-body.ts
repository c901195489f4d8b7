import type { ByteRange } from '../../store/object.ts';
import type { StoredBody, StoredFile } from '../../store/stored-body.ts';
import { readEncrypted } from '../encryption/encrypted-file.ts';
import { DataFileReader } from './data-file-reader.ts';

/**
 * The bytes of a large object, in any process, while somebody holds a read of it.
 * @throws HoldfastError `object.damaged`, also where a file is gone
 */
export async function* readStored(
  { directory, files, dataKey }: StoredBody,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array> {
  const reader = new DataFileReader(directory);
  let offset = 0;
  for (const file of files) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, file.size - 1);
    if (from <= to) yield* readStoredFile(reader, file, { start: from, end: to, dataKey });
    offset += file.size;
    if (offset > end) return;
  }
}

export function readStoredFile(
  reader: DataFileReader,
  file: StoredFile,
  { start, end, dataKey: key }: ByteRange & Pick<StoredBody, 'dataKey'>,
): AsyncIterable<Uint8Array> {
  return key ? readEncrypted(reader, file, { key, start, end }) : reader.read(file, start, end);
}
