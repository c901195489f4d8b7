import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as sdk from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientBench, startClientBench } from '../../support/s3-client-program.ts';

/** Signed for another service, and refused for that. */
const OF_OTHER_SERVICES = ['WriteGetObjectResponse'];

/** Every operation that the AWS SDK knows. */
const OPERATIONS = Object.keys(sdk).flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? []);

/** Of the tables in the documentation: rows whose first cell names operations. */
async function documented(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 's3-compatibility.md'), 'utf8');
  const rows = [...text.matchAll(/^\| ([A-Za-z0-9, ]+) \| (yes|partly|no) \|/gm)];
  return new Map(rows.flatMap(([, names = '', answer = '']) => names.split(', ').map((name) => [name, answer])));
}

let bench: ClientBench;
let client: sdk.S3Client;

beforeAll(async () => {
  bench = await startClientBench('operations');
  client = new sdk.S3Client({
    endpoint: bench.store.endpoint,
    region: 'local',
    credentials: bench.operator,
    forcePathStyle: true,
    maxAttempts: 1,
    disableHostPrefix: true,
  });
});
afterAll(async () => {
  client?.destroy();
  await bench?.[Symbol.asyncDispose]();
});

/** Enough for each to be sent; what is wrong with it, the store may say. */
const INPUT = {
  Bucket: 'operations',
  Key: 'object',
  CopySource: 'operations/absent',
  UploadId: 'upload',
  PartNumber: 1,
  Id: 'id',
  RequestRoute: 'route',
  RequestToken: 'token',
  RenameSource: 'operations/absent',
  AnnotationName: 'name',
  Delete: { Objects: [{ Key: 'absent' }] },
  ObjectAttributes: ['ETag'],
};

async function answerTo(operation: string): Promise<{ readonly status: number; readonly code: string }> {
  const Command = (sdk as unknown as Record<string, new (input: object) => sdk.GetObjectCommand>)[
    `${operation}Command`
  ];
  if (!Command) throw new Error(`the SDK does not know ${operation}`);
  try {
    const { $metadata } = await client.send(new Command(INPUT));
    return { status: $metadata.httpStatusCode ?? 0, code: '' };
  } catch (error) {
    if (!(error instanceof sdk.S3ServiceException)) throw error;
    return { status: error.$metadata.httpStatusCode ?? 0, code: error.name };
  }
}

test('the documentation says of every operation whether it is there', async () => {
  const answers = await documented();
  expect(OPERATIONS.filter((name) => !answers.has(name))).toEqual([]);
  expect(OPERATIONS.length).toBeGreaterThan(100);
});

test('what is not there answers NotImplemented and does nothing else; the rest is there', async () => {
  await bench.s3.send(new sdk.PutObjectCommand({ Bucket: 'operations', Key: 'object', Body: 'as it was' }));
  const answers = await documented();
  for (const operation of OPERATIONS.filter(
    (name) => answers.get(name) === 'no' && !OF_OTHER_SERVICES.includes(name),
  )) {
    expect({ operation, ...(await answerTo(operation)) }).toEqual({ operation, status: 501, code: 'NotImplemented' });
  }
  const read = await bench.s3.send(new sdk.GetObjectCommand({ Bucket: 'operations', Key: 'object' }));
  expect(await read.Body?.transformToString()).toBe('as it was');
  for (const operation of OPERATIONS.filter((name) => answers.get(name) !== 'no')) {
    const { status, code } = await answerTo(operation);
    expect({ operation, known: status < 500 && code !== 'NotImplemented' }).toEqual({ operation, known: true });
  }
});
