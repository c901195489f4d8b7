import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { stateDirectory } from './state-directory.ts';

/** An upload that was begun, and of which file. */
export interface UploadRecord {
  readonly uploadId: string;
  readonly size: number;
  /** Of the file, in nanoseconds. */
  readonly mtimeNs: string;
  /** Stands for what the object will be beside its bytes, and for the customer's key. */
  readonly begunWith: string;
}

export interface UploadTarget {
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  /** Absolute. */
  readonly path: string;
}

/** Where the ids of uploads are kept until they are complete, so that a run that was killed can be gone on with. */
export class UploadRecords {
  readonly #directory: string;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#directory = join(stateDirectory(env), 'uploads');
  }

  find(target: UploadTarget): Promise<UploadRecord | undefined> {
    return readJsonFile<UploadRecord>(this.#path(target)).catch(() => undefined);
  }

  async keep(target: UploadTarget, record: UploadRecord): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    await writeFileDurable(this.#path(target), `${JSON.stringify({ ...target, ...record }, null, 2)}\n`);
  }

  async forget(target: UploadTarget): Promise<void> {
    await rm(this.#path(target), { force: true });
  }

  #path({ endpoint, bucket, key, path }: UploadTarget): string {
    const name = createHash('sha256')
      .update(JSON.stringify([endpoint, bucket, key, path]))
      .digest('hex');
    return join(this.#directory, `${name}.json`);
  }
}
