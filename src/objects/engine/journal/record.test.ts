import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord, type JournalRecord, RecordKind, recordBytes } from './record.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record: fc.Arbitrary<JournalRecord> = fc.record({
  kind: fc.constantFrom(...Object.values(RecordKind)),
  moved: fc.boolean(),
  stamp: fc.maxSafeNat(),
  bucket: fc.nat(2 ** 32 - 1),
  key: bytes,
  head: bytes,
  data: bytes,
});

test('a record comes back as it was written, wherever it stands', () => {
  fc.assert(
    fc.property(record, fc.nat(50), (written, at) => {
      const target = Buffer.alloc(at + recordBytes(written) + 10, 0xee);
      expect(encodeRecord(written, target, at)).toBe(at + recordBytes(written));
      expect(decodeRecord(target, at)).toEqual(written);
    }),
  );
});

test('a record with any bit wrong, or cut anywhere, is none', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(7), fc.nat(), (written, place, bit, cut) => {
      const target = Buffer.alloc(recordBytes(written));
      encodeRecord(written, target, 0);
      expect(decodeRecord(target.subarray(0, cut % target.length), 0)).toBeUndefined();
      const at = place % target.length;
      target.writeUInt8(target.readUInt8(at) ^ (1 << bit), at);
      expect(decodeRecord(target, 0)).toBeUndefined();
    }),
  );
});

test('zeros are no record', () => {
  expect(decodeRecord(Buffer.alloc(4096), 0)).toBeUndefined();
});
