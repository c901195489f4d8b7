import { newId } from '../../core/ids.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { uploadErrors } from '../store/errors/upload-errors.ts';
import { compareKeys } from '../store/listing.ts';
import { chooseParts, multipartEtag } from '../store/multipart.ts';
import type { ObjectInfo, ObjectMetadata } from '../store/object.ts';
import { checkLockable } from '../store/object-lock.ts';
import { checkQuota } from '../store/quota.ts';
import { wallTime } from '../store/stamp.ts';
import type { CompleteUpload, MultipartUpload, PartInfo, PartRef, PutPart } from '../store/upload.ts';
import type { BucketRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { encodeHead, type RemovalHead } from './catalog/ledger.ts';
import type { PartHead, UploadHead } from './catalog/upload-table.ts';
import type { Committer, Draft } from './committer.ts';
import type { KeyOwner, ObjectKeys } from './encryption/object-keys.ts';
import { encryptionOf, readSealedKey, type SealedKey, storeSealedKey } from './encryption/sealed-key.ts';
import type { Content } from './intake.ts';
import { RecordKind } from './journal/record.ts';
import type { NewVersion, ObjectWriter } from './object-writer.ts';
import { uploadScope } from './scopes.ts';

const NO_BYTES = Buffer.alloc(0);

interface UploadWriterOptions {
  readonly catalog: Catalog;
  readonly committer: Committer;
  readonly objects: ObjectWriter;
  readonly keys: ObjectKeys;
  readonly minPartBytes: number;
}

/** The upload as the caller names it, in the bucket it had when the request began. */
export interface UploadTarget {
  readonly bucket: BucketRow;
  readonly upload: PartRef;
}

/** Commits multipart uploads. */
export class UploadWriter {
  readonly #options: UploadWriterOptions;

  constructor(options: UploadWriterOptions) {
    this.#options = options;
  }

  async create(
    { bucket, key }: KeyOwner,
    metadata: ObjectMetadata,
    sealedKey: SealedKey | undefined,
  ): Promise<MultipartUpload> {
    const { catalog, committer } = this.#options;
    const uploadId = newId('upload');
    const head: UploadHead = { key, metadata, sealedKey: sealedKey && storeSealedKey(sealedKey) };
    return committer.commit({
      scopes: [uploadScope(uploadId)],
      decide: () => {
        const row = catalog.buckets.byId(bucket.id);
        if (!row) throw bucketErrors.notFound(bucket.bucket.name);
        checkLockable(row.bucket, metadata.headers);
        return [draft(RecordKind.upload, bucket, uploadId, head)];
      },
      done: () => this.#info(uploadId),
    });
  }

  async addPart(
    target: UploadTarget,
    { partNumber, headers }: Pick<PutPart, 'partNumber' | 'headers'>,
    { size, etag, files: [file] }: Content,
  ): Promise<PartInfo> {
    const { uploadId } = target.upload;
    if (!file) throw new Error('a part without a file');
    const head: PartHead = { partNumber, size, etag, headers, file };
    return this.#options.committer.commit({
      scopes: [uploadScope(uploadId)],
      decide: () => {
        this.checkRoom(target, { partNumber, size });
        return [draft(RecordKind.part, target.bucket, uploadId, head)];
      },
      done: ([written]) => ({
        partNumber,
        size,
        etag,
        lastModified: wallTime(written?.record.stamp ?? 0),
        headers,
      }),
    });
  }

  /**
   * Whether the object that the parts make so far may come on top.
   * @throws HoldfastError `upload.not-found`, `bucket.quota-exceeded`
   */
  checkRoom(target: UploadTarget, part: Pick<PartHead, 'partNumber' | 'size'>): void {
    const { catalog } = this.#options;
    const others = [...this.find(target).parts.values()].filter(({ partNumber }) => partNumber !== part.partNumber);
    const row = catalog.buckets.byId(target.bucket.id) ?? target.bucket;
    const bytes = [...others, part].reduce((sum, { size }) => sum + size, 0);
    checkQuota(row.bucket, catalog.usage(row), { objects: 0, bytes });
  }

  /** One batch holds the object and the end of the upload: both happen, or neither. */
  async complete(
    target: UploadTarget,
    { parts: named, metadata, conditions }: Pick<CompleteUpload, 'parts' | 'metadata' | 'conditions'>,
  ): Promise<ObjectInfo> {
    const { objects, keys, minPartBytes } = this.#options;
    const { uploadId, key } = target.upload;
    const content = (): NewVersion => {
      const { head, parts } = this.find(target);
      const chosen = chooseParts(parts, named, minPartBytes);
      const facts = {
        size: chosen.reduce((sum, { size }) => sum + size, 0),
        etag: multipartEtag(chosen),
        files: chosen.map(({ file }) => file),
      };
      const sealedKey = keys.sealCompleted({ ...target, key }, facts, this.sealedKey(target));
      return { ...facts, origin: 'complete', metadata: metadata ?? head.metadata, inline: NO_BYTES, sealedKey };
    };
    return objects.write({ bucket: target.bucket, key, conditions }, content, {
      along: { scope: uploadScope(uploadId), decide: () => [this.#end(target)] },
    });
  }

  async abort(target: UploadTarget): Promise<void> {
    await this.#options.committer.commit({
      scopes: [uploadScope(target.upload.uploadId)],
      purpose: 'remove',
      decide: () => [this.#end(target)],
      done: () => undefined,
    });
  }

  /** @throws HoldfastError `upload.not-found` */
  find({ bucket, upload }: UploadTarget) {
    const row = this.#options.catalog.uploads.get(upload.uploadId);
    if (row?.bucket !== bucket.id || row.head.key !== upload.key) throw uploadErrors.notFound(upload.uploadId);
    return row;
  }

  describe(target: UploadTarget): MultipartUpload {
    return this.#info(this.find(target).uploadId);
  }

  /** @throws HoldfastError `upload.not-found` */
  sealedKey(target: UploadTarget): SealedKey | undefined {
    const { sealedKey } = this.find(target).head;
    return sealedKey && readSealedKey(sealedKey);
  }

  /** @throws HoldfastError `upload.not-found` */
  listParts(target: UploadTarget): readonly PartInfo[] {
    return [...this.find(target).parts.values()]
      .sort((a, b) => a.partNumber - b.partNumber)
      .map(({ partNumber, size, etag, lastModified, headers }) => ({ partNumber, size, etag, lastModified, headers }));
  }

  list(bucket: BucketRow, prefix: string): readonly MultipartUpload[] {
    return this.#options.catalog.uploads
      .ofBucket(bucket.id)
      .map(({ uploadId }) => this.#info(uploadId))
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId));
  }

  #end(target: UploadTarget): Draft {
    const row = this.find(target);
    const head: RemovalHead = { span: this.#options.catalog.uploads.span(row) };
    return draft(RecordKind.uploadEnd, target.bucket, row.uploadId, head);
  }

  #info(uploadId: string): MultipartUpload {
    const row = this.#options.catalog.uploads.get(uploadId);
    if (!row) throw uploadErrors.notFound(uploadId);
    const { key, metadata, sealedKey } = row.head;
    return {
      uploadId,
      key,
      initiatedAt: wallTime(row.stamp),
      metadata,
      ...(sealedKey ? { encryption: encryptionOf(sealedKey) } : {}),
    };
  }
}

function draft(kind: RecordKind, bucket: BucketRow, uploadId: string, head: object): Draft {
  return { kind, bucket: bucket.id, key: Buffer.from(uploadId), head: encodeHead(head), data: NO_BYTES };
}
