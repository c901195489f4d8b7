import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { own } from '../../../core/owned-bytes.ts';
import type { Payload } from '../../access/authenticate.ts';
import { piecesOf } from '../../store/body.ts';
import { readText, receiveBody } from './request-body.ts';

const withCode = (code: string) => expect.objectContaining({ code });
const UNSIGNED: Payload = { kind: 'unsigned' };
const TRAILER: Payload = { kind: 'chunked', trailer: true };

/** `123456789`, whose CRC-32 is the catalogue's check value cbf43926. */
const DIGITS = '123456789';
const CRC32 = 'y/Q5Jg==';
const chunked = (trailer: string) => `9\r\n${DIGITS}\r\n0\r\n${trailer}\r\n\r\n`;
const TRAILER_HEADERS = { 'x-amz-decoded-content-length': '9', 'x-amz-trailer': 'x-amz-checksum-crc32' };

describe.each([
  ['at hand', (text: string) => Buffer.from(text)],
  ['as it comes', (text: string) => piecesOf(Buffer.from(text))],
] as const)('a body %s', (_, source) => {
  function receive(text: string, headers: Readonly<Record<string, string>>, payload: Payload = UNSIGNED) {
    return receiveBody(source(text), { headers: new Map(Object.entries(headers)), payload });
  }

  /** One that is at hand is refused at once, another when it is read. */
  async function receiveText(...received: Parameters<typeof receive>): Promise<string> {
    return readText(receive(...received), 100);
  }

  test.each([
    ['crc32', CRC32],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
    ['sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
  ])('has its %s verified and given', async (algorithm, value) => {
    const name = `x-amz-checksum-${algorithm}`;
    const body = receive(DIGITS, { [name]: value });
    expect(await readText(body, 100)).toBe(DIGITS);
    expect(body.checksums).toEqual({ [name]: value });
    await expect(receiveText('other', { [name]: value })).rejects.toThrow(withCode('s3.bad-digest'));
  });

  test('is what its digests say', async () => {
    const sha256 = '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225';
    const headers = { 'content-md5': 'JfnnlDI7RTiF9RgfG2JNCw==' };
    expect(await receiveText(DIGITS, headers, { kind: 'hash', sha256 })).toBe(DIGITS);
    await expect(receiveText('other', headers)).rejects.toThrow(withCode('s3.bad-digest'));
    const other = receiveText('other', {}, { kind: 'hash', sha256 });
    await expect(other).rejects.toThrow(withCode('s3.content-hash-mismatch'));
  });

  test('is verified by a trailer', async () => {
    const body = receive(chunked(`x-amz-checksum-crc32:${CRC32}`), TRAILER_HEADERS, TRAILER);
    expect(body.size).toBe(9);
    expect(await readText(body, 100)).toBe(DIGITS);
    expect(body.checksums).toEqual({ 'x-amz-checksum-crc32': CRC32 });
    const wrong = receiveText(chunked('x-amz-checksum-crc32:AAAAAA=='), TRAILER_HEADERS, TRAILER);
    await expect(wrong).rejects.toThrow(withCode('s3.bad-digest'));
    const short = receiveText(chunked('x-amz-checksum-crc32:AAAA'), TRAILER_HEADERS, TRAILER);
    await expect(short).rejects.toThrow(withCode('s3.invalid-request'));
  });

  test('is refused with two checksums at once, or trailers that are none', () => {
    const two = { 'x-amz-checksum-crc32': CRC32, 'x-amz-checksum-crc32c': '4waSgw==' };
    expect(() => receive(DIGITS, two)).toThrow(withCode('s3.invalid-request'));
    const both = { ...TRAILER_HEADERS, 'x-amz-checksum-crc32': 'AAAAAA==' };
    const text = chunked(`x-amz-checksum-crc32:${CRC32}`);
    expect(() => receive(text, both, TRAILER)).toThrow(withCode('s3.invalid-request'));
    const headers = { ...TRAILER_HEADERS, 'x-amz-trailer': 'x-amz-meta-a' };
    expect(() => receive('', headers, TRAILER)).toThrow(withCode('s3.invalid-request'));
  });

  test('has the checksum that its client promised', async () => {
    const sdk = (algorithm: string) => ({ 'x-amz-sdk-checksum-algorithm': algorithm });
    expect(await receiveText(DIGITS, { ...sdk('crc32'), 'x-amz-checksum-crc32': CRC32 })).toBe(DIGITS);
    const text = chunked(`x-amz-checksum-crc32:${CRC32}`);
    expect(await receiveText(text, { ...sdk('CRC32'), ...TRAILER_HEADERS }, TRAILER)).toBe(DIGITS);
    const invalid = withCode('s3.invalid-request');
    expect(() => receive(DIGITS, sdk('CRC32'))).toThrow(invalid);
    expect(() => receive(DIGITS, { ...sdk('SHA1'), 'x-amz-checksum-crc32': CRC32 })).toThrow(invalid);
    expect(() => receive(text, { ...sdk('none'), ...TRAILER_HEADERS }, TRAILER)).toThrow(invalid);
  });

  test('is not taken for what its frames hold', async () => {
    const text = chunked('');
    const headers = { 'content-length': String(text.length), 'x-amz-decoded-content-length': '9' };
    expect(() => receive(text, headers)).toThrow(withCode('s3.invalid-request'));
    expect(await receiveText(DIGITS, { ...headers, 'content-length': '9' })).toBe(DIGITS);
    const encoded = { 'content-encoding': 'gzip, AWS-Chunked', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    expect(() => receive(text, encoded)).toThrow(withCode('s3.invalid-argument'));
    expect(await receiveText(DIGITS, { ...encoded, 'content-encoding': 'aws-chunked-not' })).toBe(DIGITS);
  });

  test('has no trailer unless its encoding has one', () => {
    const headers = { 'x-amz-trailer': 'x-amz-checksum-crc32', 'x-amz-decoded-content-length': '9' };
    const invalid = withCode('s3.invalid-request');
    expect(() => receive(DIGITS, headers)).toThrow(invalid);
    expect(() => receive('', headers, { kind: 'chunked', trailer: false })).toThrow(invalid);
  });

  test('is not verified by what only names an algorithm', async () => {
    const headers = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' };
    expect(await receiveText(DIGITS, headers)).toBe(DIGITS);
  });

  test('has a length that is a number, and is known of chunked ones', () => {
    expect(receive('', { 'content-length': '9' }).size).toBe(9);
    expect(receive('', {}).size).toBeUndefined();
    expect(() => receive('', { 'content-length': '1e3' })).toThrow(withCode('s3.invalid-argument'));
    expect(() => receive('', {}, TRAILER)).toThrow(withCode('s3.missing-content-length'));
    const nine = { ...TRAILER_HEADERS, 'x-amz-decoded-content-length': 'nine' };
    expect(() => receive('', nine, TRAILER)).toThrow(withCode('s3.missing-content-length'));
  });

  test('has a limit as a text', async () => {
    expect(await readText(receive(DIGITS, {}), 9)).toBe(DIGITS);
    await expect(readText(receive(DIGITS, {}), 8)).rejects.toThrow(withCode('s3.message-too-long'));
  });
});

test('the MD5 of a body that a store keeps is given on, and of any other proved', async () => {
  const headers = new Map([['content-md5', 'JfnnlDI7RTiF9RgfG2JNCw==']]);
  const head = { headers, payload: UNSIGNED, stored: true };
  const md5 = '25f9e794323b453885f5181f1b624d0b';
  expect(receiveBody(piecesOf(Buffer.from('other')), head)).toMatchObject({ md5 });
  expect(receiveBody(Buffer.from(DIGITS), head).md5).toBeUndefined();
  expect(() => receiveBody(Buffer.from('other'), head)).toThrow(withCode('s3.bad-digest'));
  const text = readText(receiveBody(piecesOf(Buffer.from('other')), { ...head, stored: false }), 100);
  await expect(text).rejects.toThrow(withCode('s3.bad-digest'));
});

test.each([1000, 4096, 10_000, 50_000])(
  'chunks of %i bytes come whole from blocks that are given back',
  async (size) => {
    const content = randomBytes(100_000);
    const chunks: (string | Buffer)[] = [];
    for (let at = 0; at < content.length; at += size) {
      const chunk = content.subarray(at, at + size);
      chunks.push(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
    }
    const encoded = Buffer.concat([...chunks, '0\r\n\r\n'].map((part) => Buffer.from(part as Buffer)));
    const given: Buffer[] = [];
    const blocks = async function* () {
      for (let at = 0; at < encoded.length; at += 4096) {
        const block = own(Buffer.allocUnsafeSlow(Math.min(4096, encoded.length - at)));
        encoded.copy(block, 0, at);
        given.push(block);
        yield block;
      }
    };
    const headers = new Map([['x-amz-decoded-content-length', String(content.length)]]);
    const { bytes } = receiveBody(blocks(), { headers, payload: { kind: 'chunked', trailer: false } });
    const received = await Array.fromAsync(piecesOf(bytes));
    expect(Buffer.concat(received).equals(content)).toBe(true);
    expect(given.filter(({ length }) => length > 0)).toEqual([]);
  },
);
