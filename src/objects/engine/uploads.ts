import { newId } from '../../core/ids.ts';
import { inTurns } from '../../core/in-turns.ts';
import type { DepositPart } from '../store/deposit.ts';
import { bucketErrors } from '../store/errors/bucket-errors.ts';
import { uploadErrors } from '../store/errors/upload-errors.ts';
import { checkPartNumber, chooseParts, multipartEtag } from '../store/multipart.ts';
import type { CustomerKey, ObjectInfo, ObjectMetadata } from '../store/object.ts';
import { checkLockable } from '../store/object-lock.ts';
import { checkQuota } from '../store/quota.ts';
import { wallTime } from '../store/stamp.ts';
import type {
  CompleteUpload,
  ListParts,
  ListUploads,
  MultipartUpload,
  PartInfo,
  PartRef,
  PutPart,
  UploadPage,
} from '../store/upload.ts';
import { uploadPage } from '../store/upload-listing.ts';
import type { BucketRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { encodeHead, type RemovalHead } from './catalog/head.ts';
import type { BegunUpload, PartHead, UploadHead } from './catalog/upload-table.ts';
import type { Committer, Draft } from './committer.ts';
import type { DataKey, ObjectKeys } from './encryption/object-keys.ts';
import { encryptionOf, readSealedKey, type SealedKey, storeSealedKey } from './encryption/sealed-key.ts';
import { type Content, type Intake, NEVER_INLINE } from './intake.ts';
import { RecordKind } from './journal/record.ts';
import type { Lookup } from './lookup.ts';
import type { NewVersion, ObjectWriter } from './object-writer.ts';
import { uploadScope } from './scopes.ts';

const NO_BYTES = Buffer.alloc(0);

interface UploadsOptions {
  readonly catalog: Catalog;
  readonly lookup: Lookup;
  readonly committer: Committer;
  readonly objects: ObjectWriter;
  readonly intake: Intake;
  readonly keys: ObjectKeys;
  readonly minPartBytes: number;
}

/** The upload as the caller names it, in the bucket it had when the request began. */
interface Target {
  readonly bucket: BucketRow;
  readonly upload: PartRef;
}

type NewUpload = Pick<PartRef, 'bucket' | 'key'> & CustomerKey & { readonly metadata: ObjectMetadata };

/** Multipart uploads, from their beginning to the object. */
export class Uploads {
  readonly #options: UploadsOptions;

  constructor(options: UploadsOptions) {
    this.#options = options;
  }

  async create({ bucket: name, key, metadata, customerKey }: NewUpload): Promise<MultipartUpload> {
    const { catalog, lookup, committer, keys } = this.#options;
    const bucket = lookup.bucket(name);
    const sealedKey = keys.sealUpload({ bucket, key }, await keys.make({ bucket, key }, customerKey));
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

  /** A customer's key that is given is checked. */
  async find({ customerKey, ...upload }: PartRef & CustomerKey): Promise<MultipartUpload> {
    const target = this.#target(upload);
    if (customerKey) this.#open(target, customerKey);
    return this.#info(upload.uploadId);
  }

  async putPart(part: DepositPart): Promise<PartInfo> {
    const { intake } = this.#options;
    const { partNumber, body, size = 0, md5, customerKey } = part;
    checkPartNumber(partNumber);
    const target = this.#target(part);
    this.#checkRoom(target, { partNumber, size });
    const key = this.#open(target, customerKey);
    const content = await intake.take({ body, size, inlineLimit: NEVER_INLINE, md5, key });
    return intake.keep([content], this.#addPart(target, part, content));
  }

  async #addPart(
    target: Target,
    { partNumber, headers }: Pick<PutPart, 'partNumber' | 'headers'>,
    { size, etag, files: [file] }: Content,
  ): Promise<PartInfo> {
    const { uploadId } = target.upload;
    if (!file) throw new Error('a part without a file');
    const head: PartHead = { partNumber, size, etag, headers, file };
    return this.#options.committer.commit({
      scopes: [uploadScope(uploadId)],
      decide: () => {
        this.#checkRoom(target, { partNumber, size });
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
  #checkRoom(target: Target, part: Pick<PartHead, 'partNumber' | 'size'>): void {
    const { catalog } = this.#options;
    const { parts } = this.#row(target);
    const row = catalog.buckets.byId(target.bucket.id) ?? target.bucket;
    if (!row.bucket.quota) return; // there may be ten thousand parts
    let bytes = part.size;
    for (const { partNumber, size } of parts.values()) if (partNumber !== part.partNumber) bytes += size;
    checkQuota(row.bucket, catalog.usage(row), { objects: 0, bytes });
  }

  /** One batch holds the object and the end of the upload: both happen, or neither. */
  async complete({ parts: named, metadata, conditions, ...upload }: CompleteUpload): Promise<ObjectInfo> {
    const { objects, keys, minPartBytes } = this.#options;
    const { uploadId, key } = upload;
    const target = this.#target(upload);
    const content = (): NewVersion => {
      const { head, parts } = this.#row(target);
      const chosen = chooseParts(parts, named, minPartBytes);
      const facts = {
        size: chosen.reduce((sum, { size }) => sum + size, 0),
        etag: multipartEtag(chosen),
        files: chosen.map(({ file }) => file),
      };
      const sealedKey = keys.sealCompleted({ ...target, key }, facts, this.#sealedKey(target));
      return { ...facts, origin: 'complete', metadata: metadata ?? head.metadata, inline: NO_BYTES, sealedKey };
    };
    return objects.write({ bucket: target.bucket, key, conditions }, content, {
      along: { scope: uploadScope(uploadId), decide: () => [this.#end(target)] },
    });
  }

  async abort(upload: PartRef): Promise<void> {
    const target = this.#target(upload);
    this.#options.keys.checkNotLost(target.bucket, this.#sealedKey(target));
    await this.#options.committer.commit({
      scopes: [uploadScope(upload.uploadId)],
      purpose: 'remove',
      decide: () => [this.#end(target)],
      done: () => undefined,
    });
  }

  async listParts({ after = 0, limit, ...upload }: ListParts): Promise<readonly PartInfo[]> {
    return [...this.#row(this.#target(upload)).parts.values()]
      .filter(({ partNumber }) => partNumber > after)
      .sort((a, b) => a.partNumber - b.partNumber)
      .slice(0, limit)
      .map(({ partNumber, size, etag, lastModified, headers }) => ({ partNumber, size, etag, lastModified, headers }));
  }

  async list({ bucket, ...request }: ListUploads): Promise<UploadPage> {
    const { catalog, lookup } = this.#options;
    const { id } = lookup.bucket(bucket);
    const { uploads, ...page } = await inTurns(uploadPage(named(catalog.uploads.begunIn(id)), request));
    if (lookup.bucket(bucket).id !== id) throw bucketErrors.notFound(bucket);
    return { uploads: uploads.map(({ row }) => infoOf(row)), ...page };
  }

  /** @throws HoldfastError `upload.not-found` */
  #target(upload: PartRef): Target {
    const target = { bucket: this.#options.lookup.bucket(upload.bucket), upload };
    this.#row(target);
    return target;
  }

  /** @throws HoldfastError `upload.not-found` */
  #row({ bucket, upload }: Target) {
    const row = this.#options.catalog.uploads.get(upload.uploadId);
    if (row?.bucket !== bucket.id || row.head.key !== upload.key) throw uploadErrors.notFound(upload.uploadId);
    return row;
  }

  /** @throws HoldfastError `upload.encryption` */
  #open(target: Target, customerKey: Uint8Array | undefined): DataKey | undefined {
    const owner = { bucket: target.bucket, key: target.upload.key };
    return this.#options.keys.openUpload(owner, this.#sealedKey(target), customerKey);
  }

  #sealedKey(target: Target): SealedKey | undefined {
    const { sealedKey } = this.#row(target).head;
    return sealedKey && readSealedKey(sealedKey);
  }

  #end(target: Target): Draft {
    const row = this.#row(target);
    const head: RemovalHead = { span: this.#options.catalog.uploads.span(row) };
    return { ...draft(RecordKind.uploadEnd, target.bucket, row.uploadId, head), files: row.parts.size };
  }

  #info(uploadId: string): MultipartUpload {
    const row = this.#options.catalog.uploads.get(uploadId);
    if (!row) throw uploadErrors.notFound(uploadId);
    return infoOf(row);
  }
}

function* named(rows: Iterable<BegunUpload | undefined>) {
  for (const row of rows) yield row && { key: row.head.key, uploadId: row.uploadId, row };
}

function infoOf({ uploadId, stamp, head }: BegunUpload): MultipartUpload {
  const { key, metadata, sealedKey } = head;
  return {
    uploadId,
    key,
    initiatedAt: wallTime(stamp),
    metadata,
    ...(sealedKey ? { encryption: encryptionOf(sealedKey) } : {}),
  };
}

function draft(kind: RecordKind, bucket: BucketRow, uploadId: string, head: object): Draft {
  return { kind, bucket: bucket.id, key: Buffer.from(uploadId), head: encodeHead(head), data: NO_BYTES };
}
