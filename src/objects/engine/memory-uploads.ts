import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import * as errors from './errors.ts';
import { compareKeys } from './listing.ts';
import { checkPartNumber } from './multipart.ts';
import type { MultipartUpload, ObjectMetadata, PartInfo, PartRef, PutPart } from './object-store.ts';

interface StoredUpload extends MultipartUpload {
  readonly parts: Map<number, PartInfo & { readonly bytes: Buffer }>;
}

type UploadName = Pick<PartRef, 'key' | 'uploadId'>;

/** The unfinished uploads of one bucket, in memory. */
export class MemoryUploads {
  readonly #uploads = new Map<string, StoredUpload>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(key: string, metadata: ObjectMetadata): MultipartUpload {
    const upload = { uploadId: newId('upload'), key, initiatedAt: this.#clock.now(), metadata };
    this.#uploads.set(upload.uploadId, { ...upload, parts: new Map() });
    return upload;
  }

  /** @throws HoldfastError `upload.not-found` */
  find({ key, uploadId }: UploadName): StoredUpload {
    const upload = this.#uploads.get(uploadId);
    if (upload?.key !== key) throw errors.uploadNotFound(uploadId);
    return upload;
  }

  describe(upload: UploadName): MultipartUpload {
    return described(this.find(upload));
  }

  async putPart(part: PutPart): Promise<PartInfo> {
    const { partNumber, headers } = part;
    checkPartNumber(partNumber);
    this.find(part);
    const bytes = await collect(part.body);
    const info = { partNumber, size: bytes.length, etag: md5(bytes), lastModified: this.#clock.now(), headers };
    this.find(part).parts.set(partNumber, { ...info, bytes });
    return info;
  }

  parts(upload: UploadName): readonly PartInfo[] {
    return [...this.find(upload).parts.values()]
      .sort((a, b) => a.partNumber - b.partNumber)
      .map(({ bytes: _bytes, ...info }) => info);
  }

  list(prefix: string): readonly MultipartUpload[] {
    return [...this.#uploads.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId))
      .map(described);
  }

  end(upload: UploadName): void {
    this.#uploads.delete(this.find(upload).uploadId);
  }
}

function described({ parts: _parts, ...upload }: StoredUpload): MultipartUpload {
  return upload;
}

export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}
