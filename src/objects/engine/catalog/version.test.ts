import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sealedKeyBytes } from '../encryption/sealed-key.ts';
import { FoundVersion } from './found-version.ts';
import type { EntryReader } from './index-file.ts';
import { IndexTable, objectPrefix, textOf, versionKey } from './index-keys.ts';
import { decodeVersionEntry, encodeVersionEntry, joinSpans, objectInfo, type Version, withUntil } from './version.ts';

const text = fc.dictionary(fc.string(), fc.string());
const version: fc.Arbitrary<Version> = fc.record({
  stamp: fc.maxSafeNat(),
  size: fc.maxSafeNat(),
  etag: fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(10_000))
    .map(([md5, parts]) => `${Buffer.from(md5).toString('hex')}${parts > 0 ? `-${parts}` : ''}`),
  versioned: fc.boolean(),
  deleteMarker: fc.boolean(),
  origin: fc.constantFrom('put', 'post', 'copy', 'complete'),
  metadata: fc.record({ contentType: fc.string(), headers: text, user: text }),
  files: fc.array(fc.record({ id: fc.maxSafeNat(), size: fc.maxSafeNat(), crc: fc.nat(2 ** 32 - 1) })),
  location: fc.record({ position: fc.maxSafeNat(), length: fc.nat(2 ** 32 - 1) }),
  sealedKey: fc.option(
    fc
      .boolean()
      .chain((byCustomer) =>
        fc
          .uint8Array({ minLength: sealedKeyBytes(byCustomer), maxLength: sealedKeyBytes(byCustomer) })
          .map((bytes) => ({ bytes: Buffer.from(bytes), byCustomer })),
      ),
    { nil: undefined },
  ),
  span: fc.option(fc.record({ first: fc.integer({ min: 1, max: 99 }), last: fc.integer({ min: 100, max: 999 }) }), {
    nil: undefined,
  }),
});

test('an index entry gives the version back', () => {
  fc.assert(
    fc.property(version, (written) => {
      expect(decodeVersionEntry(encodeVersionEntry(written), written.stamp)).toEqual(written);
    }),
  );
});

const key = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\u0000'));

const reader: EntryReader = { decode: (value, decoder) => decoder(value) };

test('what a listing reads of an entry is what the version says', () => {
  fc.assert(
    fc.property(version, key, fc.option(fc.maxSafeNat(), { nil: undefined }), (written, key, until) => {
      const prefix = objectPrefix(7, Buffer.from(key), until === undefined ? IndexTable.version : IndexTable.retained);
      const entry = encodeVersionEntry(written);
      const text = textOf(versionKey(prefix, written.stamp));
      const found = new FoundVersion(text, until === undefined ? entry : withUntil(entry, until), reader);
      expect(found.version()).toEqual(until === undefined ? written : { ...written, until });
      expect(found).toMatchObject({ prefix, stamp: written.stamp, until, deleteMarker: written.deleteMarker });
      const { lastModified, size, etag, metadata } = objectInfo(key, written);
      expect(found.listed()).toEqual({ key, lastModified, size, etag, headers: metadata.headers });
    }),
  );
});

test('only versions in versioned buckets have ids', () => {
  const [sample] = fc.sample(version, 1);
  if (!sample) throw new Error('no sample');
  expect(objectInfo('k', { ...sample, versioned: false }).versionId).toBe('null');
  const ids = [1, 2, 10 ** 15].map((stamp) => objectInfo('k', { ...sample, versioned: true, stamp }).versionId);
  expect(new Set(ids).size).toBe(3);
});

test('spans join to the smallest over both', () => {
  expect(joinSpans({ first: 2, last: 3 }, { first: 1, last: 2 })).toEqual({ first: 1, last: 3 });
  expect(joinSpans(undefined, { first: 1, last: 2 })).toEqual({ first: 1, last: 2 });
  expect(joinSpans(undefined, undefined)).toBeUndefined();
});
