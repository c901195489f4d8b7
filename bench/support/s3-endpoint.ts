import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { encodePath, presignQuery } from '../../sdk/src/sigv4.ts';
import { waitUntil } from '../../src/core/retry.ts';
import { freePorts } from '../../tests/support/free-port.ts';
import { repository } from '../../tests/support/test-platform.ts';

/** A bucket on some S3 server that a bench may fill. */
export interface S3Endpoint {
  readonly name: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface PresignedRequest {
  readonly method: string;
  /** Absent: the bucket itself. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
}

const HOUR_S = 3600;

/** A URL that needs no header but `host`. */
export function presign(
  { endpoint, bucket, accessKeyId, secretAccessKey }: Omit<S3Endpoint, 'name'>,
  { method, key, query = {} }: PresignedRequest,
): URL {
  const url = new URL(endpoint);
  const path = encodePath(key === undefined ? `/${bucket}` : `/${bucket}/${key}`);
  const credentials = { accessKeyId, secretAccessKey };
  const context = { credentials, region: 'us-east-1', date: new Date() };
  return new URL(`${path}?${presignQuery({ method, host: url.host, path, query, headers: {} }, HOUR_S, context)}`, url);
}

/** s3rver from npm, as its documentation starts it. It does not sync what it stores. */
export async function startS3rver(directory: string): Promise<S3Endpoint & AsyncDisposable> {
  const [port = 0] = await freePorts(1);
  const program = join(repository, 'node_modules', 's3rver', 'bin', 's3rver.js');
  const child = spawn(
    process.execPath,
    [program, '-d', directory, '-a', '127.0.0.1', '-p', String(port), '--silent', '--configure-bucket', 'bench'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  await waitUntil(
    () =>
      fetch(endpoint)
        .then(() => true)
        .catch(() => false),
    { timeoutMs: 20_000, what: 's3rver' },
  );
  return {
    name: 's3rver',
    endpoint,
    bucket: 'bench',
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await closed;
    },
  };
}
