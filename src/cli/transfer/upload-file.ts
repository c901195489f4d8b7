import { createHash } from 'node:crypto';
import { type BigIntStats, constants, openAsBlob } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PutResult, Storage, UploadProgress, UploadResume } from '../../../sdk/src/index.ts';
import { formatModified, MTIME } from './modified-time.ts';
import { PARALLEL_PARTS, PART_SIZE } from './part-size.ts';
import { claimTransfer } from './transfer-claim.ts';
import { type UploadRecord, UploadRecords, type UploadTarget } from './upload-record.ts';
import type { UploadSettings } from './upload-settings.ts';

export interface FileUpload {
  readonly key: string;
  readonly path: string;
  readonly settings?: UploadSettings | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/**
 * The file as an object, with its time. A large one that was interrupted goes on with the parts that have its bytes;
 * a file that has changed since begins anew.
 */
export async function uploadFile(storage: Storage, upload: FileUpload): Promise<PutResult> {
  const { key, path, settings = {} } = upload;
  const before = await stat(path, { bigint: true });
  if (!before.isFile()) throw new Error('it is not a file');
  await access(path, constants.R_OK); // a Blob says of a file that it may not read that it has changed
  const target = { endpoint: storage.endpoint, bucket: storage.bucket, key, path: resolve(path) };
  const claim = before.size > PART_SIZE ? await claimTransfer(JSON.stringify(Object.values(target))) : undefined;
  try {
    const resume = claim && (await resumeOf(storage, { target, before, settings }));
    const stored = await send(storage, { ...upload, before, resume });
    if (resume) await new UploadRecords().forget(target);
    return stored;
  } finally {
    await claim?.release();
  }
}

async function send(
  storage: Storage,
  { key, path, before, settings, ...options }: FileUpload & { before: BigIntStats; resume: UploadResume | undefined },
): Promise<PutResult> {
  const data = await openAsBlob(path);
  try {
    return await storage.put(key, data, {
      ...settings,
      ...options,
      metadata: { [MTIME]: formatModified(before), ...settings?.metadata },
      onRead: () => refuseChanged(path, before),
      partSize: PART_SIZE,
      concurrency: PARALLEL_PARTS,
    });
  } catch (error) {
    // What a Blob of a file says when the file is no longer the one that was opened.
    throw (error as Error).name === 'NotReadableError' ? changed() : error;
  }
}

/** A Blob of a file looks at size and time alone, and not after its last byte. */
async function refuseChanged(path: string, before: BigIntStats): Promise<void> {
  const after = await stat(path, { bigint: true });
  if (!SAME_FILE.every((name) => after[name] === before[name])) throw changed();
}

const SAME_FILE = ['dev', 'ino', 'size', 'mtimeNs'] as const;

interface Resumable {
  readonly target: UploadTarget;
  readonly before: BigIntStats;
  readonly settings: UploadSettings;
}

async function resumeOf(storage: Storage, { target, before, settings }: Resumable): Promise<UploadResume> {
  const records = new UploadRecords();
  const { size, mtimeNs } = before;
  const about = { size: Number(size), mtimeNs: String(mtimeNs), begunWith: digestOf(settings, storage.customerKeyMd5) };
  const found = await records.find(target);
  const same = found && isOf(found, about);
  if (found && !same) await storage.abortUpload(target.key, found.uploadId);
  return {
    uploadId: same ? found.uploadId : undefined,
    onUpload: (uploadId) => records.keep(target, { uploadId, ...about }),
  };
}

const SAME_UPLOAD = ['size', 'mtimeNs', 'begunWith'] as const;

function isOf(record: UploadRecord, about: Omit<UploadRecord, 'uploadId'>): boolean {
  return SAME_UPLOAD.every((name) => record[name] === about[name]);
}

function digestOf(settings: UploadSettings, customerKeyMd5: string | undefined): string {
  return createHash('sha256')
    .update(JSON.stringify([settings, customerKeyMd5]))
    .digest('hex');
}

function changed(): Error {
  return new Error('it changed while it was read; try again');
}
