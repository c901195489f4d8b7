import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/**
 * A kept body: its bytes, then what they are of, then a tail with checksums of both. It is written
 * under another name and renamed, and read once in full before it is served by a process that did not
 * write it. So nothing has to be synced: what a power cut tore is found out and thrown away.
 */
const TAIL_BYTES = 16;
const MAGIC = 0x48_46_43_31; // HFC1

/** Writes bytes as they come. @throws what the file system and `body` throw; then nothing is left behind */
export async function writeEntry(
  path: string,
  { validator, body }: { readonly validator: string; readonly body: AsyncIterable<Uint8Array> },
): Promise<number> {
  const temporary = `${path}.${process.pid}-${++writes}${TEMPORARY}`;
  try {
    const size = await writeAll(temporary, validator, body);
    await rename(temporary, path);
    return size;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

export const TEMPORARY = '.tmp';
let writes = 0;

async function writeAll(path: string, validator: string, body: AsyncIterable<Uint8Array>): Promise<number> {
  await using file = await open(path, 'wx', 0o600);
  let size = 0;
  let checksum = 0;
  for await (const bytes of body) {
    checksum = crc32(bytes, checksum);
    size += bytes.length;
    await writeFully(file, bytes);
  }
  const head = Buffer.from(validator);
  const tail = Buffer.alloc(TAIL_BYTES);
  tail.writeUInt32BE(checksum, 0);
  tail.writeUInt32BE(crc32(head), 4);
  tail.writeUInt32BE(head.length, 8);
  tail.writeUInt32BE(MAGIC, 12);
  await writeFully(file, Buffer.concat([head, tail]));
  return size;
}

/** A write may take less than it was given, on a disk that fills. */
async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await file.write(bytes, written)).bytesWritten;
  }
}

/** What a whole and unharmed entry is of; `undefined` for anything else. */
export async function verifyEntry(path: string): Promise<{ validator: string; size: number } | undefined> {
  try {
    await using file = await open(path);
    const content = await file.readFile();
    const tail = content.subarray(-TAIL_BYTES);
    if (tail.length < TAIL_BYTES || tail.readUInt32BE(12) !== MAGIC) return undefined;
    const size = content.length - TAIL_BYTES - tail.readUInt32BE(8);
    if (size < 0) return undefined;
    const head = content.subarray(size, -TAIL_BYTES);
    const isWhole = crc32(content.subarray(0, size)) === tail.readUInt32BE(0) && crc32(head) === tail.readUInt32BE(4);
    return isWhole ? { validator: head.toString(), size } : undefined;
  } catch {
    return undefined;
  }
}
