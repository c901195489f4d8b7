import { randomBytes, randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Keyring } from '../../src/core/keyring.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { openObjectStore } from '../../src/objects/engine/open-object-store.ts';
import type { ObjectAdmin } from '../../src/objects/object-admin.ts';
import { roleClient } from '../support/role-client.ts';
import { type StartedProcess, startProcess } from '../support/started-process.ts';

const WRITERS = 6;
const KEYS_EACH = 4;
/** Of a body: what is kept in the journal, so that it is some MiB before long. */
const MOST_BYTES = 100_000;
const Bucket = 'data';
const program = join(import.meta.dirname, '../support/objects-role-program.ts');

export interface RunningRole {
  readonly child: StartedProcess;
  /** Resolves when the role is gone. */
  readonly writing: Promise<void>;
}

/** Clients that change objects of a role until it dies, and a webhook that hears of it: what was confirmed, what was told. */
export class EventsBench implements AsyncDisposable {
  readonly #directory: string;
  readonly #receiver: Server;
  /** Refuses what it is told, so that all of it has to be kept. */
  isDeaf = false;
  /** By key, the sequencers in the order in which they first came. */
  readonly order = new Map<string, string[]>();
  readonly received = new Set<string>();
  /** By key, the versions and delete markers that were acknowledged, in order. */
  readonly #acknowledged = new Map<string, string[]>();

  private constructor(directory: string) {
    this.#directory = directory;
    this.#receiver = createServer(async (req, res) => {
      const [record] = JSON.parse((await req.toArray()).join('')).Records;
      if (this.isDeaf || randomInt(12) === 0) return res.writeHead(503).end();
      this.#hear(record.s3.object);
      return res.writeHead(204).end();
    });
  }

  /** `directory` is the role's. */
  static async create(directory: string): Promise<EventsBench> {
    const bench = new EventsBench(directory);
    await new Promise<void>((resolve) => bench.#receiver.listen(0, '127.0.0.1', resolve));
    return bench;
  }

  #hear({
    key,
    versionId,
    sequencer,
  }: {
    readonly key: string;
    readonly versionId: string;
    readonly sequencer: string;
  }) {
    const known = this.order.get(key) ?? [];
    if (!known.includes(sequencer)) known.push(sequencer);
    this.order.set(key, known);
    this.received.add(`${decodeURIComponent(key.replaceAll('+', ' '))} ${versionId}`);
  }

  /** Has the clients write until the role is gone. */
  async writeUntilGone(): Promise<RunningRole> {
    const { child, admin, s3 } = await this.#start();
    if (this.#acknowledged.size === 0) await this.#configure(s3, admin);
    const writers = Array.from({ length: WRITERS }, (_, writer) => this.#write(s3, writer));
    return { child, writing: Promise.all(writers).then(() => s3.destroy()) };
  }

  /** Resolves when the webhook has been told of everything. */
  async tellTheRest(): Promise<void> {
    const { child, admin, s3 } = await this.#start();
    try {
      await waitUntil(() => this.missing().length === 0, { timeoutMs: 120_000, what: 'every event' });
      const isIdle = async () => (await admin.listWebhooks({}))[0]?.pending === 0;
      await waitUntil(isIdle, { timeoutMs: 120_000, what: 'an empty queue' });
    } finally {
      s3.destroy();
      await child.stop('SIGKILL');
    }
  }

  async #start() {
    const command = [process.execPath, program, this.#directory, Bucket];
    const child = await startProcess(command, { cwd: import.meta.dirname, env: process.env });
    const { port, adminSocket } = JSON.parse(child.firstLine) as { port: number; adminSocket: string };
    const admin = roleClient<ObjectAdmin>(adminSocket);
    const credentials = await admin.ensureKey({ owner: 'operator', buckets: '*' });
    const endpoint = `http://127.0.0.1:${port}`;
    const s3 = new S3Client({ endpoint, region: 'local', credentials, forcePathStyle: true, maxAttempts: 1 });
    return { child, admin, s3 };
  }

  async #configure(s3: S3Client, admin: ObjectAdmin): Promise<void> {
    const { port } = this.#receiver.address() as AddressInfo;
    await admin.putWebhook({ name: 'hook', url: `http://127.0.0.1:${port}/` });
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const Events = ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const];
    const QueueConfigurations = [{ QueueArn: 'arn:holdfast:webhook:::hook', Events }];
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
    );
  }

  /** Each writer has keys of its own, so that the order of its answers is that of their history. */
  async #write(s3: S3Client, writer: number): Promise<void> {
    try {
      for (;;) {
        const Key = `writer-${writer}/key-${randomInt(KEYS_EACH)}`;
        const isRemoval = randomInt(4) === 0;
        const { VersionId = '' } = isRemoval
          ? await s3.send(new DeleteObjectCommand({ Bucket, Key }))
          : await s3.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(randomInt(MOST_BYTES)) }));
        this.#acknowledge(Key, VersionId);
      }
    } catch {
      // the role is gone
    }
  }

  #acknowledge(key: string, version: string): void {
    this.#acknowledged.set(key, [...(this.#acknowledged.get(key) ?? []), version]);
  }

  /** Changes that are in the journal alone when the events of the next round begin. */
  async writeUnseen(): Promise<void> {
    const directory = join(this.#directory, 'store');
    const store = await openObjectStore({ directory, keyring: new Keyring(Buffer.alloc(32, 7)) });
    const metadata = { contentType: 'text/plain', headers: {}, user: {} };
    for (let i = 0; i < 5; i++) {
      const key = 'written while nobody looked';
      const { versionId } = await store.put({ bucket: Bucket, key, metadata, body: (async function* () {})() });
      this.#acknowledge(key, versionId);
    }
    await store.close();
  }

  get acknowledged(): number {
    return [...this.#acknowledged.values()].reduce((sum, versions) => sum + versions.length, 0);
  }

  /** Changes that were acknowledged and not told. */
  missing(): readonly string[] {
    return [...this.#acknowledged].flatMap(([key, versions]) =>
      versions.map((version) => `${key} ${version}`).filter((one) => !this.received.has(one)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#receiver.closeAllConnections();
    await new Promise((resolve) => this.#receiver.close(resolve));
  }
}
