import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { exec } from '../../src/core/exec.ts';
import type { AccessKey } from '../../src/objects/object-admin.ts';
import { startObjectStore, type TestObjectStore } from './object-store.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export const MiB = 1024 * 1024;

/** What a client's tests need to be there, and the Debian package that brings it. */
export interface ClientProgram {
  readonly name: string;
  readonly path: string;
  readonly debianPackage: string;
}

export const AWS_CLI: ClientProgram = { name: 'the aws cli', path: '/usr/bin/aws', debianPackage: 'awscli' };

/** Where CI says that everything is installed, a missing client is a failure and not a skip. */
export function describeClient({ name, path, debianPackage }: ClientProgram, define: () => void): void {
  const missing = !existsSync(path);
  describe.skipIf(missing && process.env.CI !== 'true')(`${name} (${path}; Debian package ${debianPackage})`, define);
}

export interface ClientBench extends AsyncDisposable {
  readonly store: TestObjectStore;
  readonly operator: AccessKey;
  /** The operator's, to look at what a client did. */
  readonly s3: S3Client;
  /** The client's home and working directory: nothing of this machine's settings is in it. */
  readonly home: string;
  /** Runs a program there with an environment of its own; gives what it printed. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** The aws cli there, against the store and as the operator; a request is tried once. */
  aws(...args: readonly string[]): Promise<string>;
}

/** A store with `buckets`, and a home for a client that has never seen another. */
export async function startClientBench(...buckets: string[]): Promise<ClientBench> {
  const store = await startObjectStore(...buckets);
  const operator = await store.admin.ensureKey({ owner: 'operator', buckets: '*' });
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: 'local',
    credentials: operator,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const directory = await temporaryDirectory();
  const home = directory.path;
  const base = { PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' };
  const run: ClientBench['run'] = async (argv, env = {}) =>
    (await exec(argv, { cwd: home, env: { ...base, ...env } })).stdout;
  const asOperator = {
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    AWS_DEFAULT_REGION: 'local',
    AWS_MAX_ATTEMPTS: '1',
  };
  return {
    store,
    operator,
    s3,
    home,
    run,
    aws: (...args) => run([AWS_CLI.path, '--endpoint-url', store.endpoint, ...args], asOperator),
    async [Symbol.asyncDispose]() {
      s3.destroy();
      await store[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Files of random bytes by relative path. */
export async function writeTree(root: string, sizes: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, size] of Object.entries(sizes)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), randomBytes(size));
  }
}

/** All files below, by relative path, as latin-1 text: equal trees are equal objects. */
export async function readTree(root: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {};
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const path = join(root, name);
    if ((await stat(path)).isFile()) tree[name] = await readFile(path, 'latin1');
  }
  return tree;
}
