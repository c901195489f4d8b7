import { checkConditions } from '../store/conditions.ts';
import { isSameCustomerKey } from '../store/customer-key.ts';
import { multipartEtag } from '../store/multipart.ts';
import type {
  CopyObject,
  CustomerKey,
  ObjectInfo,
  ObjectMetadata,
  ObjectRead,
  WriteConditions,
} from '../store/object.ts';
import { withoutLock } from '../store/object-lock.ts';
import type { Catalog } from './catalog/catalog.ts';
import { objectInfo, type Version } from './catalog/version.ts';
import type { DataKey, KeyOwner, ObjectKey, ObjectKeys } from './encryption/object-keys.ts';
import { type Content, type Intake, NEVER_INLINE } from './intake.ts';
import type { Lookup } from './lookup.ts';
import type { ObjectReader } from './object-reader.ts';
import type { ObjectWriter } from './object-writer.ts';

const NO_BYTES = Buffer.alloc(0);

interface Source extends KeyOwner, CustomerKey {
  readonly version: Version;
  readonly dataKey: DataKey | undefined;
}

interface Target extends KeyOwner, CustomerKey {
  readonly metadata: ObjectMetadata;
  readonly conditions: WriteConditions | undefined;
}

interface ObjectCopierOptions {
  readonly catalog: Catalog;
  readonly lookup: Lookup;
  readonly objects: ObjectWriter;
  readonly reader: ObjectReader;
  readonly intake: Intake;
  readonly keys: ObjectKeys;
}

/** Copies objects: shares their files where who may read the one may read the other, else encrypts their bytes anew. */
export class ObjectCopier {
  readonly #options: ObjectCopierOptions;

  constructor(options: ObjectCopierOptions) {
    this.#options = options;
  }

  async copy(request: CopyObject): Promise<ObjectInfo> {
    const { target, conditions } = request;
    const bucket = this.#options.lookup.bucket(target.bucket);
    const source = this.#find(request);
    const metadata = request.metadata ?? withoutLock(source.version.metadata);
    const made: Target = { ...target, bucket, metadata, conditions };
    if (!this.#sharesKey(source, made)) return this.#rewrite(source, made);
    return (await this.#share(source, made)) ?? this.copy(request);
  }

  #find({ source: { customerKey, ...source }, sourceConditions }: CopyObject): Source {
    const { lookup, keys } = this.#options;
    const version = lookup.version(source);
    checkConditions(source, objectInfo(source.key, version), sourceConditions);
    const owner = { bucket: lookup.bucket(source.bucket), key: source.key };
    return { ...owner, customerKey, version, dataKey: keys.openVersion(owner, version, customerKey) };
  }

  /** A shared key would let the store read what a customer guards, and one customer what another does. */
  #sharesKey({ dataKey, customerKey }: Source, target: Target): boolean {
    const isEncrypted = dataKey !== undefined;
    return isEncrypted === this.#options.keys.encrypts && isSameCustomerKey(customerKey, target.customerKey);
  }

  /** `undefined` when the source went while it was copied. */
  async #share({ version, dataKey }: Source, target: Target): Promise<ObjectInfo | undefined> {
    const { objects, reader, keys } = this.#options;
    const { size, etag, files } = version;
    const inline = files.length === 0 ? await reader.keptInline(version) : NO_BYTES; // before compaction moves it
    const objectKey = await keys.make(target, target.customerKey, dataKey?.data);
    const write = objects.write(target, () => {
      if (!this.#hasFiles(version)) throw SOURCE_CHANGED;
      const sealedKey = keys.sealVersion(target, version, objectKey);
      return { size, etag, files, origin: 'copy', metadata: target.metadata, inline, sealedKey };
    });
    return write.catch((error: unknown) => {
      if (error === SOURCE_CHANGED) return undefined;
      throw error;
    });
  }

  /** The copy shares the source's files; they must not have gone since it was looked up. */
  #hasFiles({ files }: Version): boolean {
    return files.every(({ id }) => this.#options.catalog.files.count(id) > 0);
  }

  /** File by file: what was uploaded by parts keeps them. */
  async #rewrite(source: Source, target: Target): Promise<ObjectInfo> {
    const { objects, reader, intake, keys } = this.#options;
    const { version } = source;
    const read = await reader.open(source, version, source.customerKey);
    const taken: Content[] = [];
    let objectKey: ObjectKey | undefined;
    try {
      objectKey = await keys.make(target, target.customerKey);
      for await (const content of this.#takeAnew(read, source, objectKey)) taken.push(content);
    } catch (error) {
      for (const content of taken) intake.discard(content);
      throw error;
    } finally {
      read.release();
    }
    const [only] = taken;
    const facts = {
      size: version.size,
      etag: version.etag.includes('-') || !only ? multipartEtag(taken) : only.etag,
      files: taken.flatMap(({ files }) => files),
    };
    const inline = only?.inline ?? NO_BYTES;
    const write = objects.write(target, () => {
      const sealedKey = keys.sealVersion(target, facts, objectKey);
      return { ...facts, origin: 'copy', metadata: target.metadata, inline, sealedKey };
    });
    return intake.keep(taken, write);
  }

  async *#takeAnew(
    read: ObjectRead,
    { version, dataKey }: Source,
    key: ObjectKey | undefined,
  ): AsyncGenerator<Content> {
    const { reader, intake } = this.#options;
    if (read.bytes) yield await intake.take({ body: read.bytes, inlineLimit: Number.POSITIVE_INFINITY, key });
    for (const file of version.files) {
      const body = reader.file(file, dataKey?.data);
      yield await intake.take({ body, size: file.size, inlineLimit: NEVER_INLINE, key });
    }
  }
}

const SOURCE_CHANGED = new Error('the source changed while it was copied');
