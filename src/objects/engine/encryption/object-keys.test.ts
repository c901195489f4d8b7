import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Keyring } from '../../../core/keyring.ts';
import type { BucketRow } from '../catalog/bucket-table.ts';
import type { VersionHead } from '../catalog/version.ts';
import { BucketKeys } from './bucket-keys.ts';
import { ObjectKeys } from './object-keys.ts';

const bucketKeys = new BucketKeys(new Keyring(randomBytes(32)));
const customerKey = randomBytes(32);
const damaged = expect.objectContaining({ code: 'object.damaged' });

function bucketRow(id: number): BucketRow {
  const bucket = { name: `bucket-${id}`, createdAt: 0, versioning: 'disabled', accessibility: 'private' } as const;
  const place = { location: { position: 0, length: 0 }, span: undefined };
  return { id, bucket, sealedKey: bucketKeys.make(), snapshots: [], ...place };
}

const owner = { bucket: bucketRow(1), key: 'photo' };
const keys = new ObjectKeys({ bucketKeys, buckets: { byId: () => undefined }, giveKey: async () => {} });
const [first, second] = [
  { id: 1, size: 10, crc: 0 },
  { id: 2, size: 20, crc: 0 },
];
const head: VersionHead = {
  size: 30,
  etag: `${'a'.repeat(32)}-2`,
  versioned: false,
  deleteMarker: false,
  origin: 'complete',
  metadata: { contentType: 'text/plain', headers: {}, user: {} },
  files: [first, second],
};

describe.each([
  ['the store', undefined],
  ['a customer', customerKey],
])('the key of an object, guarded by %s,', (_, customer) => {
  async function sealed() {
    const made = await keys.make(owner, customer);
    return { data: made?.data, version: { ...head, sealedKey: keys.sealVersion(owner, head, made) } };
  }

  test('opens for what it was sealed for, whatever is said of its metadata', async () => {
    const { data, version } = await sealed();
    const metadata = { ...head.metadata, headers: { 'x-amz-acl': 'public-read' } };
    expect(keys.openVersion(owner, { ...version, metadata }, customer)?.data).toEqual(data);
  });

  test.each<[string, Partial<VersionHead>]>([
    ['its files in another order', { files: [second, first] }],
    ['fewer files', { files: [first] }],
    ['another file', { files: [first, { ...second, id: 3 }] }],
    ['a file of another size', { files: [first, { ...second, size: 19 }] }],
    ['another size', { size: 29 }],
    ['another ETag', { etag: `${'b'.repeat(32)}-2` }],
  ])('does not open for %s', async (_, changed) => {
    const { version } = await sealed();
    expect(() => keys.openVersion(owner, { ...version, ...changed }, customer)).toThrow(damaged);
  });

  test('does not open for another name, another bucket, or an upload', async () => {
    const { version } = await sealed();
    expect(() => keys.openVersion({ ...owner, key: 'other' }, version, customer)).toThrow(damaged);
    expect(() => keys.openVersion({ ...owner, bucket: bucketRow(2) }, version, customer)).toThrow(damaged);
    expect(() => keys.openUpload(owner, version.sealedKey, customer)).toThrow(damaged);
  });

  test("becomes the object's when its upload is completed, without the customer", async () => {
    const made = await keys.make(owner, customer);
    const upload = keys.sealUpload(owner, made);
    expect(keys.openUpload(owner, upload, customer)?.data).toEqual(made?.data);
    const sealedKey = keys.sealCompleted(owner, head, upload);
    expect(keys.openVersion(owner, { ...head, sealedKey }, customer)?.data).toEqual(made?.data);
  });
});
