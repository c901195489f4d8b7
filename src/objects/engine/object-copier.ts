import { isSameCustomerKey } from '../store/customer-key.ts';
import { multipartEtag } from '../store/multipart.ts';
import type { ObjectInfo, ObjectMetadata, ObjectRead, WriteConditions } from '../store/object.ts';
import type { Catalog } from './catalog/catalog.ts';
import type { Version } from './catalog/version.ts';
import type { DataKey, KeyOwner, ObjectKey, ObjectKeys } from './encryption/object-keys.ts';
import { type Content, type Intake, NEVER_INLINE } from './intake.ts';
import type { ObjectReader } from './object-reader.ts';
import type { NewVersion, ObjectWriter } from './object-writer.ts';

const NO_BYTES = Buffer.alloc(0);

export interface CopySource extends KeyOwner {
  readonly version: Version;
  readonly customerKey: Uint8Array | undefined;
}

export interface CopyTarget extends KeyOwner {
  readonly metadata: ObjectMetadata;
  readonly conditions: WriteConditions | undefined;
  readonly customerKey: Uint8Array | undefined;
}

interface ObjectCopierOptions {
  readonly catalog: Catalog;
  readonly objects: ObjectWriter;
  readonly reader: ObjectReader;
  readonly intake: Intake;
  readonly keys: ObjectKeys;
}

interface Rewriting {
  readonly version: Version;
  readonly dataKey: DataKey | undefined;
  readonly objectKey: ObjectKey | undefined;
}

/** Copies objects: shares their files where who may read the one may read the other, else encrypts their bytes anew. */
export class ObjectCopier {
  readonly #options: ObjectCopierOptions;

  constructor(options: ObjectCopierOptions) {
    this.#options = options;
  }

  /** `undefined` when the source went while it was copied. */
  async copy(source: CopySource, target: CopyTarget): Promise<ObjectInfo | undefined> {
    const dataKey = this.#options.keys.openVersion(source, source.version, source.customerKey);
    return this.#sharesKey(source, target, dataKey)
      ? this.#share(source, target, dataKey)
      : this.#rewrite(source, target, dataKey);
  }

  /** A shared key would let the store read what a customer guards, and one customer what another does. */
  #sharesKey(source: CopySource, target: CopyTarget, dataKey: DataKey | undefined): boolean {
    const isEncrypted = dataKey !== undefined;
    return isEncrypted === this.#options.keys.encrypts && isSameCustomerKey(source.customerKey, target.customerKey);
  }

  async #share({ version }: CopySource, target: CopyTarget, dataKey: DataKey | undefined) {
    const { objects, reader, keys } = this.#options;
    const { size, etag, files } = version;
    const objectKey = await keys.make(target, target.customerKey, dataKey?.data);
    const content: NewVersion = {
      size,
      etag,
      files,
      origin: 'copy',
      metadata: target.metadata,
      inline: files.length === 0 ? await reader.keptInline(version) : NO_BYTES,
      sealedKey: keys.sealVersion(target, version, objectKey),
    };
    const write = objects.write(target, () => {
      if (!this.#hasFiles(version)) throw SOURCE_CHANGED;
      return content;
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
  async #rewrite(source: CopySource, target: CopyTarget, dataKey: DataKey | undefined) {
    const { objects, reader, intake, keys } = this.#options;
    const { version } = source;
    const objectKey = await keys.make(target, target.customerKey);
    if (!this.#hasFiles(version)) return undefined;
    const read = await reader.open(source, version, source.customerKey);
    const taken: Content[] = [];
    try {
      for await (const content of this.#takeAnew(read, { version, dataKey, objectKey })) taken.push(content);
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
    const sealedKey = keys.sealVersion(target, facts, objectKey);
    const inline = only?.inline ?? NO_BYTES;
    const content: NewVersion = { ...facts, origin: 'copy', metadata: target.metadata, inline, sealedKey };
    return intake.keep(
      taken,
      objects.write(target, () => content),
    );
  }

  async *#takeAnew(read: ObjectRead, { version, dataKey, objectKey: key }: Rewriting): AsyncGenerator<Content> {
    const { reader, intake } = this.#options;
    if (read.bytes) yield await intake.take({ body: read.bytes, inlineLimit: Number.POSITIVE_INFINITY, key });
    for (const file of version.files) {
      const body = reader.file(file, dataKey?.data);
      yield await intake.take({ body, size: file.size, inlineLimit: NEVER_INLINE, key });
    }
  }
}

const SOURCE_CHANGED = new Error('the source changed while it was copied');
