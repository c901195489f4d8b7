import type { S3Client } from './s3-client.ts';
import { elements, text } from './xml.ts';

/** What a bucket held at one moment, kept without a copy. Of Holdfast; S3 has none. */
export interface Snapshot {
  readonly id: string;
  readonly name: string | undefined;
  readonly createdAt: Date;
  readonly objects: number;
  readonly bytes: number;
}

export interface SnapshotOptions {
  readonly signal?: AbortSignal | undefined;
}

const NAME_HEADER = 'x-holdfast-snapshot-name';

/** The snapshots of one bucket. Making and deleting them takes a key that writes to all of it. */
export class Snapshots {
  readonly #client: S3Client;

  constructor(client: S3Client) {
    this.#client = client;
  }

  /** @throws StorageError `SnapshotAlreadyExists` for a name that is taken */
  async create({ name, signal }: SnapshotOptions & { readonly name?: string | undefined } = {}): Promise<Snapshot> {
    const headers: Record<string, string> = name === undefined ? {} : { [NAME_HEADER]: name };
    // Sent twice it would make two.
    const answer = await this.#client.send({ method: 'POST', query: { snapshots: '' }, headers, once: true, signal });
    return toSnapshot(answer.text);
  }

  /** From old to new. */
  async list({ signal }: SnapshotOptions = {}): Promise<Snapshot[]> {
    const answer = await this.#client.send({ method: 'GET', query: { snapshots: '' }, signal });
    return elements(answer.text, 'Snapshot').map(toSnapshot);
  }

  /** By id or name. @throws StorageError `NoSuchSnapshot` */
  async delete(snapshot: string, { signal }: SnapshotOptions = {}): Promise<void> {
    await this.#client.send({ method: 'DELETE', query: { snapshots: '', id: snapshot }, signal });
  }
}

function toSnapshot(xml: string): Snapshot {
  return {
    id: text(xml, 'Id') ?? '',
    name: text(xml, 'Name'),
    createdAt: new Date(text(xml, 'CreatedAt') ?? 0),
    objects: Number(text(xml, 'Objects')),
    bytes: Number(text(xml, 'Bytes')),
  };
}
