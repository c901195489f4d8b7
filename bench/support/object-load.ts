import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { S3Endpoint } from './s3-endpoint.ts';

export const OPERATIONS = ['PUT', 'GET', 'HEAD', 'LIST', 'DELETE'] as const;
export type ObjectOperation = (typeof OPERATIONS)[number];

export interface ObjectLoad {
  readonly operation: ObjectOperation;
  /** Of what is put. */
  readonly sizeBytes: number;
  /** Each does one request after the other, on a connection of its own. */
  readonly clients: number;
  readonly keys: KeySet;
  /** Keys in turn until then; absent: every key once. */
  readonly durationMs?: number | undefined;
}

/** `<prefix>000000000` and on. */
export interface KeySet {
  readonly prefix: string;
  readonly count: number;
  /** So many of them, evenly spread; default all. */
  readonly sample?: number | undefined;
}

/** What one thread does of a load: the clients `first`, `first + threads`, …. */
export interface LoadShare {
  readonly target: Pick<S3Endpoint, 'endpoint' | 'bucket' | 'accessKeyId' | 'secretAccessKey'>;
  readonly load: ObjectLoad;
  readonly first: number;
  readonly threads: number;
}

export interface ShareResult {
  readonly operations: number;
  readonly seconds: number;
}

/** Half of the cores are left to the server. */
const MAX_THREADS = Math.max(1, Math.floor(availableParallelism() / 2));

export function keyName({ prefix }: KeySet, n: number): string {
  return `${prefix}${String(n).padStart(9, '0')}`;
}

/** Operations a second. Requests are presigned beforehand, so that the clients' own signing is not measured. */
export async function runObjectLoad({ ...target }: S3Endpoint, load: ObjectLoad): Promise<number> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = target;
  const threads = Math.min(load.clients, MAX_THREADS);
  const shares = Array.from({ length: threads }, (_, first) =>
    runShare({ target: { endpoint, bucket, accessKeyId, secretAccessKey }, load, first, threads }),
  );
  return (await Promise.all(shares)).reduce((rate, { operations, seconds }) => rate + operations / seconds, 0);
}

async function runShare(workerData: LoadShare): Promise<ShareResult> {
  const worker = new Worker(new URL('./object-load-worker.ts', import.meta.url), { workerData });
  const [result] = (await once(worker, 'message')) as [ShareResult];
  return result;
}
