import type { Clock } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import { inTurns } from '../../core/in-turns.ts';
import { type Body, piecesOf } from '../store/body.ts';
import { uploadErrors } from '../store/errors/upload-errors.ts';
import { checkPartNumber } from '../store/multipart.ts';
import type { CustomerKey, ObjectMetadata } from '../store/object.ts';
import type {
  ListParts,
  ListUploads,
  MultipartUpload,
  PartInfo,
  PartRef,
  PutPart,
  UploadPage,
} from '../store/upload.ts';
import { uploadPage } from '../store/upload-listing.ts';
import { demandUploadKey, encryptionOf, etagOf } from './memory-encryption.ts';

interface StoredUpload extends MultipartUpload {
  readonly customerKey: Uint8Array | undefined;
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

  create(key: string, metadata: ObjectMetadata, customerKey: Uint8Array | undefined): MultipartUpload {
    const encryption = encryptionOf(customerKey);
    const upload = { uploadId: newId('upload'), key, initiatedAt: this.#clock.now(), metadata, encryption };
    this.#uploads.set(upload.uploadId, { ...upload, customerKey, parts: new Map() });
    return upload;
  }

  /** @throws HoldfastError `upload.not-found` */
  find({ key, uploadId }: UploadName): StoredUpload {
    const upload = this.#uploads.get(uploadId);
    if (upload?.key !== key) throw uploadErrors.notFound(uploadId);
    return upload;
  }

  describe({ customerKey, ...name }: UploadName & CustomerKey): MultipartUpload {
    const upload = this.find(name);
    if (customerKey) demandUploadKey(name.key, upload.customerKey, customerKey);
    return described(upload);
  }

  /** `admit` refuses what all parts together would have in bytes. */
  async putPart(part: PutPart, admit: (bytes: number) => void): Promise<PartInfo> {
    const { partNumber, headers } = part;
    checkPartNumber(partNumber);
    const { customerKey } = this.find(part);
    demandUploadKey(part.key, customerKey, part.customerKey);
    const bytes = await collect(part.body);
    const etag = etagOf(bytes, customerKey, part.md5);
    const info = { partNumber, size: bytes.length, etag, lastModified: this.#clock.now(), headers };
    const { parts } = this.find(part);
    const others = [...parts.values()].filter((other) => other.partNumber !== partNumber);
    admit([...others, info].reduce((sum, { size }) => sum + size, 0));
    parts.set(partNumber, { ...info, bytes });
    return info;
  }

  parts({ after = 0, limit, ...upload }: UploadName & Pick<ListParts, 'after' | 'limit'>): readonly PartInfo[] {
    return [...this.find(upload).parts.values()]
      .filter(({ partNumber }) => partNumber > after)
      .sort((a, b) => a.partNumber - b.partNumber)
      .slice(0, limit)
      .map(({ bytes: _bytes, ...info }) => info);
  }

  async list(request: Omit<ListUploads, 'bucket'>): Promise<UploadPage> {
    const { uploads, ...page } = await inTurns(uploadPage(this.#uploads.values(), request));
    return { uploads: uploads.map(described), ...page };
  }

  end(upload: UploadName): void {
    this.#uploads.delete(this.find(upload).uploadId);
  }
}

function described({ parts: _parts, customerKey: _key, ...upload }: StoredUpload): MultipartUpload {
  return upload;
}

export async function collect(body: Body): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of piecesOf(body)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
