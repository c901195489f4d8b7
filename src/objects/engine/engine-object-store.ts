import { type HoldfastError, isHoldfastCode } from '../../core/errors.ts';
import type { Bucket, BucketChanges, BucketUsage, NewBucket } from '../store/bucket.ts';
import type { ChangeFeed } from '../store/change-feed.ts';
import type { DepositObject, DepositPart, DepositStore } from '../store/deposit.ts';
import type { IndexRebuild } from '../store/index-rebuild.ts';
import type { CheckIntegrity, IntegrityPage } from '../store/integrity.ts';
import type { ListObjects, ListPage, ListVersions, VersionPage } from '../store/list.ts';
import { checkKey, checkMetadata } from '../store/names.ts';
import type {
  CopyObject,
  CustomerKey,
  ObjectInfo,
  ObjectMetadata,
  ObjectRead,
  ObjectVersion,
  ReadObject,
  ReadRef,
  RemovedObject,
  RemoveObject,
  UpdateMetadata,
} from '../store/object.ts';
import type { OpenObjectStore } from '../store/object-store.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type {
  CompleteUpload,
  ListParts,
  ListUploads,
  MultipartUpload,
  PartInfo,
  PartRef,
  UploadPage,
} from '../store/upload.ts';
import { BucketCommits } from './bucket-commits.ts';
import { BucketWriter } from './bucket-writer.ts';
import type { BucketRow } from './catalog/bucket-table.ts';
import type { Catalog } from './catalog/catalog.ts';
import { snapshotInfo } from './catalog/snapshot-rows.ts';
import { objectInfo } from './catalog/version.ts';
import { ObjectKeys } from './encryption/object-keys.ts';
import { closeParts, type EngineParts } from './engine-parts.ts';
import { engineErrors } from './errors.ts';
import { Intake } from './intake.ts';
import { IntegrityCheck } from './integrity-check.ts';
import { Listings } from './listings.ts';
import { Lookup } from './lookup.ts';
import { ObjectCopier } from './object-copier.ts';
import { ObjectReader } from './object-reader.ts';
import { ObjectWriter } from './object-writer.ts';
import { SnapshotWriter } from './snapshot-writer.ts';
import { Uploads } from './uploads.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * The store on the journal. A write takes in its bytes and then commits: the decision
 * is made in the journal's order, and the answer waits for the disk. A read looks
 * into the catalog.
 */
export class EngineObjectStore implements OpenObjectStore, DepositStore {
  readonly #parts: EngineParts;
  readonly #catalog: Catalog;
  readonly #lookup: Lookup;
  readonly #buckets: BucketWriter;
  readonly #snapshots: SnapshotWriter;
  readonly #objects: ObjectWriter;
  readonly #uploads: Uploads;
  readonly #intake: Intake;
  readonly #reader: ObjectReader;
  readonly #keys: ObjectKeys;
  readonly #copier: ObjectCopier;
  readonly #listings: Listings;
  readonly #integrity: IntegrityCheck;
  #closing: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    const { catalog, committer, clock, upkeep, bucketKeys, minPartBytes } = parts;
    this.#parts = parts;
    this.#catalog = catalog;
    this.#lookup = new Lookup(catalog);
    const commits = new BucketCommits({ catalog, committer, onChanged: parts.onBucketChanged });
    this.#buckets = new BucketWriter({
      catalog,
      commits,
      committer,
      clock,
      keys: bucketKeys,
      onRemoved: (id) => upkeep.bucketRemoved(id),
    });
    this.#snapshots = new SnapshotWriter({ catalog, commits, clock });
    const giveKey = (bucket: BucketRow) => this.#buckets.giveKey(bucket);
    const keys = new ObjectKeys({ bucketKeys, buckets: catalog.buckets, giveKey });
    this.#objects = new ObjectWriter({ catalog, committer, clock, keys });
    this.#intake = new Intake(parts);
    this.#uploads = new Uploads({
      catalog,
      lookup: this.#lookup,
      committer,
      objects: this.#objects,
      intake: this.#intake,
      keys,
      minPartBytes,
    });
    this.#reader = new ObjectReader({ journal: parts.journal, files: parts.files, keys });
    this.#integrity = new IntegrityCheck(parts);
    this.#listings = new Listings({ catalog, lookup: this.#lookup });
    this.#keys = keys;
    this.#copier = new ObjectCopier({
      catalog,
      lookup: this.#lookup,
      objects: this.#objects,
      reader: this.#reader,
      intake: this.#intake,
      keys,
    });
  }

  get encrypts(): boolean {
    return this.#keys.encrypts;
  }

  get depositsAbove(): number {
    return this.#parts.inlineLimitBytes;
  }

  get failed(): Promise<HoldfastError> {
    return this.#parts.index.damage.then(engineErrors.indexDamaged);
  }

  get lostKeys(): readonly string[] {
    return (this.#parts.bucketKeys?.lost(this.#catalog.buckets.rows()) ?? []).map(({ bucket }) => bucket.name).sort();
  }

  get indexRebuild(): IndexRebuild | undefined {
    return this.#parts.indexRebuild;
  }

  get changes(): ChangeFeed {
    return this.#parts.feed;
  }

  createBucket(name: string, settings: NewBucket = {}): Promise<Bucket> {
    return this.#buckets.create(name, settings);
  }

  updateBucket(name: string, settings: BucketChanges): Promise<Bucket> {
    return this.#buckets.update(name, settings);
  }

  deleteBucket(name: string, { force = false }: { readonly force?: boolean } = {}): Promise<void> {
    return this.#makingRoom(() => this.#buckets.remove(name, force));
  }

  bucket(name: string): Bucket | undefined {
    return this.#catalog.buckets.byName(name)?.bucket;
  }

  buckets(): readonly Bucket[] {
    return this.#catalog.buckets.all();
  }

  async usage(name: string): Promise<BucketUsage> {
    const row = this.#lookup.bucket(name);
    const retained = this.#catalog.retainedUsage(row);
    return { ...this.#catalog.usage(row), ...(retained.objects > 0 && { retained }) };
  }

  async createSnapshot(bucket: string, { name }: { readonly name?: string | undefined } = {}): Promise<Snapshot> {
    return this.#snapshots.create(bucket, name);
  }

  async snapshots(bucket: string): Promise<readonly Snapshot[]> {
    return this.#lookup.bucket(bucket).snapshots.map(snapshotInfo);
  }

  async deleteSnapshot(bucket: string, idOrName: string): Promise<void> {
    return this.#makingRoom(() => this.#snapshots.remove(bucket, idOrName));
  }

  async put(object: DepositObject): Promise<ObjectInfo> {
    const { bucket: name, key, body, size, md5, metadata, conditions, customerKey, origin = 'put' } = object;
    checkKey(key);
    checkMetadata(metadata);
    const bucket = this.#lookup.bucket(name);
    const versioned = bucket.bucket.versioning === 'enabled';
    this.#objects.checkRoom({ bucket, key }, { size: size ?? 0, versioned, deleteMarker: false }, new Map());
    const objectKey = await this.#keys.make({ bucket, key }, customerKey);
    const { inlineLimitBytes: inlineLimit } = this.#parts;
    const content = await this.#intake.take({ body, size, inlineLimit, md5, key: objectKey });
    const write = this.#objects.write({ bucket, key, conditions }, () => {
      const sealedKey = this.#keys.sealVersion({ bucket, key }, content, objectKey);
      return { ...content, origin, metadata, sealedKey };
    });
    return this.#intake.keep([content], write);
  }

  async head(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectInfo> {
    const version = this.#lookup.version({ ...ref, bucket, key });
    if (customerKey) this.#keys.openVersion({ bucket: this.#lookup.bucket(bucket), key }, version, customerKey);
    return objectInfo(key, version);
  }

  async open(bucket: string, key: string, { customerKey, ...ref }: ReadObject = {}): Promise<ObjectRead> {
    const version = this.#lookup.version({ ...ref, bucket, key });
    return this.#reader.open({ bucket: this.#lookup.bucket(bucket), key }, version, customerKey);
  }

  async findVersion(bucket: string, key: string, ref?: ReadRef): Promise<ObjectVersion | undefined> {
    return this.#lookup.view(bucket, ref).find(key, ref?.versionId);
  }

  async remove(bucket: string, key: string, options: RemoveObject = {}): Promise<RemovedObject> {
    const target = { ...options, bucket: this.#lookup.bucket(bucket), key, conditions: options };
    if (options.versionId === undefined) checkKey(key); // a delete marker has it
    return this.#makingRoom(() => this.#objects.remove(target));
  }

  async updateMetadata(bucket: string, key: string, change: UpdateMetadata): Promise<ObjectInfo> {
    const { versionId, bypassGovernance, headers } = change;
    const version = this.#lookup.version({ bucket, key, versionId });
    const target = { bucket: this.#lookup.bucket(bucket), key, versionId, bypassGovernance, conditions: undefined };
    const inline = version.files.length === 0 ? await this.#reader.keptInline(version) : NO_BYTES;
    const info = await this.#objects.updateMetadata(target, { stamp: version.stamp, inline }, headers);
    return info ?? this.updateMetadata(bucket, key, change);
  }

  async copy(request: CopyObject): Promise<ObjectInfo> {
    checkKey(request.target.key);
    if (request.metadata) checkMetadata(request.metadata);
    return this.#copier.copy(request);
  }

  async list(request: ListObjects): Promise<ListPage> {
    return this.#listings.objects(request);
  }

  async listVersions(request: ListVersions): Promise<VersionPage> {
    return this.#listings.versions(request);
  }

  async createUpload(
    bucket: string,
    key: string,
    metadata: ObjectMetadata,
    { customerKey }: CustomerKey = {},
  ): Promise<MultipartUpload> {
    checkKey(key);
    checkMetadata(metadata);
    return this.#uploads.create({ bucket, key, metadata, customerKey });
  }

  findUpload(upload: PartRef & CustomerKey): Promise<MultipartUpload> {
    return this.#uploads.find(upload);
  }

  putPart(part: DepositPart): Promise<PartInfo> {
    return this.#uploads.putPart(part);
  }

  listParts(upload: ListParts): Promise<readonly PartInfo[]> {
    return this.#uploads.listParts(upload);
  }

  listUploads(request: ListUploads): Promise<UploadPage> {
    return this.#uploads.list(request);
  }

  completeUpload(completion: CompleteUpload): Promise<ObjectInfo> {
    return this.#uploads.complete(completion);
  }

  abortUpload(upload: PartRef): Promise<void> {
    return this.#makingRoom(() => this.#uploads.abort(upload));
  }

  /** Of these names in `files/`, those that nothing refers to; for tests. */
  unreferencedFiles(names: readonly string[]): readonly string[] {
    return names.filter((name) => this.#catalog.files.count(Number.parseInt(name, 16)) === 0);
  }

  /** Flushes and compacts what there is to; for tests. */
  settle(): Promise<void> {
    return this.#parts.upkeep.settle();
  }

  checkIntegrity(request: CheckIntegrity): Promise<IntegrityPage> {
    return this.#integrity.page(request);
  }

  resealKeys(): Promise<number> {
    return this.#buckets.reseal();
  }

  close(): Promise<void> {
    this.#closing ??= closeParts(this.#parts);
    return this.#closing;
  }

  /** On a full disk, removals can be faster than compaction gives them room: then they wait for it once. */
  async #makingRoom<T>(remove: () => Promise<T>): Promise<T> {
    try {
      return await remove();
    } catch (error) {
      if (!isHoldfastCode(error, 'disk.full')) throw error;
      await this.#parts.upkeep.settle();
      return remove();
    }
  }
}
