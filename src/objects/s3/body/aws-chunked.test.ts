import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChunkSignatures } from '../../access/chunk-signatures.ts';
import { deriveSigningKey } from '../../access/signature-v4.ts';
import { type ChunkedBody, decodeStream, decodeWhole } from './aws-chunked.ts';

/** The example of the S3 API Reference, "Transferring Payload in Multiple Chunks": 65 KiB of "a". */
const scope = { date: '20130524', region: 'us-east-1', service: 's3' };
const signingKey = deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope);
const signatures = (seed: string) => new ChunkSignatures(signingKey, { timestamp: '20130524T000000Z', scope, seed });
const LENGTH = 66560;

function encode(chunks: readonly (readonly [size: number, signature: string])[], tail: string): Buffer {
  const parts = chunks.map(([size, signature]) => {
    const head = `${size.toString(16)};chunk-signature=${signature}\r\n`;
    return head + (size > 0 ? `${'a'.repeat(size)}\r\n` : '');
  });
  return Buffer.from(parts.join('') + tail);
}

const SIGNED = encode(
  [
    [65536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
    [1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
    [0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
  ],
  '\r\n',
);
const SIGNED_SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';

const TRAILER_CHUNKS = [
  [65536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2'],
  [1024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7'],
  [0, '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992'],
] as const;
const TRAILER_SIGNATURE = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';
const TRAILER_SEED = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';

/** One piece is a body at hand, several are one as it comes. */
async function decode(pieces: readonly Uint8Array[], options: ChunkedBody): Promise<Buffer> {
  const [only] = pieces;
  if (only && pieces.length === 1) return Buffer.from(decodeWhole(only, options));
  async function* source() {
    yield* pieces;
  }
  const decoded: Uint8Array[] = [];
  for await (const bytes of decodeStream(source(), options)) decoded.push(Buffer.from(bytes));
  return Buffer.concat(decoded);
}

const bytewise = (buffer: Buffer) => Array.from(buffer, (byte) => Uint8Array.of(byte));
const withCode = (code: string) => expect.objectContaining({ code });

describe('signed chunks', () => {
  const options = () => ({ decodedLength: LENGTH, signatures: signatures(SIGNED_SEED) });

  test('decodes the published example, whole and byte by byte', async () => {
    const expected = Buffer.alloc(LENGTH, 'a');
    expect(expected.equals(await decode([SIGNED], options()))).toBe(true);
    expect(expected.equals(await decode(bytewise(SIGNED), options()))).toBe(true);
  });

  test.each([
    ['a byte of the first chunk', 200],
    ['a byte of the second chunk', 66_000],
    ['the first signature', 30],
    ['the last signature', SIGNED.length - 10],
  ])('refuses a change of %s', async (_what, at) => {
    const corrupt = Buffer.from(SIGNED);
    corrupt[at] = (corrupt[at] ?? 0) ^ 1;
    await expect(decode([corrupt], options())).rejects.toThrow(withCode('access.signature'));
  });

  test('refuses chunks without signature, another seed, another order and a missing end', async () => {
    await expect(decode([Buffer.from('1\r\na\r\n0\r\n\r\n')], { ...options(), decodedLength: 1 })).rejects.toThrow(
      withCode('access.signature'),
    );
    await expect(decode([SIGNED], { ...options(), signatures: signatures(TRAILER_SEED) })).rejects.toThrow(
      withCode('access.signature'),
    );
    for (const length of [0, 50, 5000, SIGNED.length - 60]) {
      await expect(decode([SIGNED.subarray(0, length)], options())).rejects.toThrow(withCode('s3.incomplete-body'));
    }
  });

  test('refuses another length than announced', async () => {
    for (const decodedLength of [LENGTH - 1, LENGTH + 1]) {
      await expect(decode([SIGNED], { ...options(), decodedLength })).rejects.toThrow(withCode('s3.incomplete-body'));
    }
  });
});

describe('signed trailers', () => {
  const trailers = ['x-amz-checksum-crc32c'];
  const tail = (separator: string, signature = TRAILER_SIGNATURE) =>
    `x-amz-checksum-crc32c:sOO8/Q==${separator}x-amz-trailer-signature:${signature}\r\n\r\n`;
  const run = (text: string, found?: Map<string, string>) =>
    decode([encode(TRAILER_CHUNKS, text)], {
      decodedLength: LENGTH,
      signatures: signatures(TRAILER_SEED),
      trailers,
      onTrailers: (all) => all.forEach((value, name) => void found?.set(name, value)),
    });

  test.each([['\r\n'], ['\n\r\n']])('decodes the published example with the separator %j', async (separator) => {
    const found = new Map<string, string>();
    expect((await run(tail(separator), found)).length).toBe(LENGTH);
    expect([...found]).toEqual([['x-amz-checksum-crc32c', 'sOO8/Q==']]);
  });

  test('refuses another value, a wrong or missing signature', async () => {
    for (const text of [
      tail('\r\n').replace('sOO8', 'sOO9'),
      tail('\r\n', 'f00'),
      'x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n',
    ]) {
      await expect(run(text)).rejects.toThrow(withCode('access.signature'));
    }
  });
});

describe('unsigned chunks with a trailer', () => {
  const options = (decodedLength: number, trailers: readonly string[] = ['x-amz-checksum-crc32']) => ({
    decodedLength,
    trailers,
  });

  test('decodes whatever the cuts', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        async (chunks, cuts) => {
          const encoded = Buffer.concat([
            ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
            Buffer.from('0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
          ]);
          const pieces: Uint8Array[] = [];
          for (let at = 0, i = 0; at < encoded.length; i++) {
            const size = cuts[i % cuts.length] as number;
            pieces.push(encoded.subarray(at, at + size));
            at += size;
          }
          const plain = Buffer.concat(chunks);
          expect(plain.equals(await decode(pieces, options(plain.length)))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    ['no size', 'x\r\na\r\n0\r\n\r\n', 's3.incomplete-body'],
    ['a huge size', 'fffffffffffff\r\na', 's3.incomplete-body'],
    ['a line without end', 'a'.repeat(1000), 's3.incomplete-body'],
    ['a line feed alone', '1\na\n0\n\n', 's3.incomplete-body'],
    ['a chunk longer than its size', '1\r\nab\r\n0\r\n\r\n', 's3.incomplete-body'],
    ['a missing trailer', '1\r\na\r\n0\r\n\r\n', 's3.malformed-trailer'],
    ['another trailer', '1\r\na\r\n0\r\nx-amz-checksum-sha1:AA==\r\n\r\n', 's3.malformed-trailer'],
    ['no trailer', '1\r\na\r\n0\r\nnonsense\r\n\r\n', 's3.malformed-trailer'],
    ['an endless trailer', `1\r\na\r\n0\r\n${'a'.repeat(9000)}`, 's3.malformed-trailer'],
  ])('refuses %s', async (_what, text, code) => {
    await expect(decode([Buffer.from(text)], options(1))).rejects.toThrow(withCode(code));
    await expect(decode(bytewise(Buffer.from(text)), options(1))).rejects.toThrow(withCode(code));
  });

  test('one chunk of a body at hand is not copied', () => {
    const body = Buffer.from('3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n');
    const bytes = decodeWhole(body, options(3));
    expect([bytes.buffer, bytes.byteOffset, bytes.length]).toEqual([body.buffer, body.byteOffset + 3, 3]);
  });

  test('stops its source when the reader stops', async () => {
    let stopped = false;
    async function* source() {
      try {
        for (;;) yield Buffer.from('1\r\na\r\n');
      } finally {
        stopped = true;
      }
    }
    for await (const _bytes of decodeStream(source(), options(100))) break;
    expect(stopped).toBe(true);
  });
});
