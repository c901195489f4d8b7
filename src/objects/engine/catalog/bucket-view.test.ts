import { expect, test } from 'vitest';
import type { Bound } from '../../store/listing.ts';
import { compareKeys } from '../../store/listing.ts';
import { BucketView } from './bucket-view.ts';
import { FoundVersion } from './found-version.ts';
import type { EntryReader } from './index-file.ts';
import { objectPrefix, textOf, versionKey } from './index-keys.ts';
import { encodeVersionEntry } from './version.ts';
import type { VersionLayer } from './version-layers.ts';

const entry = {
  size: 1,
  etag: '0'.repeat(32),
  versioned: true,
  deleteMarker: false,
  origin: 'put',
  metadata: { contentType: '', headers: {}, user: {} },
  files: [],
  location: { position: 0, length: 0 },
  span: undefined,
} as const;

const reader: EntryReader = { decode: (value, decoder) => decoder(value) };

/** Keys and how many versions each has; `read` counts those that somebody looked at. */
function layerOf(keys: Readonly<Record<string, number>>, markers: readonly string[] = []) {
  const counts = { read: 0 };
  function* versions(key: string): Generator<FoundVersion> {
    for (let stamp = keys[key] ?? 0; stamp > 0; stamp--) {
      counts.read++;
      const deleteMarker = markers.includes(key) && stamp === keys[key];
      const value = encodeVersionEntry({ ...entry, deleteMarker, stamp });
      yield new FoundVersion(textOf(versionKey(objectPrefix(1, Buffer.from(key)), stamp)), value, reader);
    }
  }
  function* scan({ key, edge }: Bound): Generator<FoundVersion> {
    for (const one of Object.keys(keys).sort(compareKeys)) {
      const order = compareKeys(one, key);
      if (order > 0 || (order === 0 && edge === 'at')) yield* versions(one);
    }
  }
  const layer = { versions, scan: () => scan } as unknown as VersionLayer;
  return { view: new BucketView(layer), counts };
}

test('a listing of objects steps over the old versions of a key, however many there are', () => {
  const { view, counts } = layerOf({ a: 1, b: 5000, 'b\u0001': 3, c: 16, d: 17, gone: 5000, z: 2 }, ['gone']);
  const keys = [...view.scan()({ key: '', edge: 'at' })].flatMap((found) => found?.key ?? []);
  expect(keys).toEqual(['a', 'b', 'b\u0001', 'c', 'd', 'z']);
  expect(counts.read).toBeLessThan(100);
});
