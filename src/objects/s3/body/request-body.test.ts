import { describe, expect, test } from 'vitest';
import type { Payload } from '../../access/authenticate.ts';
import { readText, receiveBody } from './request-body.ts';

const withCode = (code: string) => expect.objectContaining({ code });
const UNSIGNED: Payload = { kind: 'unsigned' };
const TRAILER: Payload = { kind: 'chunked', trailer: true };

async function* source(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function receive(text: string, headers: Readonly<Record<string, string>>, payload: Payload = UNSIGNED) {
  return receiveBody(source(text), { headers: new Map(Object.entries(headers)), payload });
}

/** `123456789`, whose CRC-32 is the catalogue's check value cbf43926. */
const DIGITS = '123456789';
const CRC32 = 'y/Q5Jg==';
const chunked = (trailer: string) => `9\r\n${DIGITS}\r\n0\r\n${trailer}\r\n\r\n`;
const TRAILER_HEADERS = { 'x-amz-decoded-content-length': '9', 'x-amz-trailer': 'x-amz-checksum-crc32' };

describe('checksums', () => {
  test.each([
    ['crc32', CRC32],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
    ['sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
  ])('%s is verified and given', async (algorithm, value) => {
    const name = `x-amz-checksum-${algorithm}`;
    const body = receive(DIGITS, { [name]: value });
    expect(body.checksums).toEqual({});
    expect(await readText(body, 100)).toBe(DIGITS);
    expect(body.checksums).toEqual({ [name]: value });
    await expect(readText(receive('other', { [name]: value }), 100)).rejects.toThrow(withCode('s3.bad-digest'));
  });

  test('in a trailer', async () => {
    const body = receive(chunked(`x-amz-checksum-crc32:${CRC32}`), TRAILER_HEADERS, TRAILER);
    expect(body.size).toBe(9);
    expect(await readText(body, 100)).toBe(DIGITS);
    expect(body.checksums).toEqual({ 'x-amz-checksum-crc32': CRC32 });
    const wrong = receive(chunked('x-amz-checksum-crc32:AAAAAA=='), TRAILER_HEADERS, TRAILER);
    await expect(readText(wrong, 100)).rejects.toThrow(withCode('s3.bad-digest'));
    const short = receive(chunked('x-amz-checksum-crc32:AAAA'), TRAILER_HEADERS, TRAILER);
    await expect(readText(short, 100)).rejects.toThrow(withCode('s3.invalid-request'));
  });

  test('two at once, or trailers that are none, are refused', () => {
    const two = { 'x-amz-checksum-crc32': CRC32, 'x-amz-checksum-crc32c': '4waSgw==' };
    expect(() => receive(DIGITS, two)).toThrow(withCode('s3.invalid-request'));
    const headers = { ...TRAILER_HEADERS, 'x-amz-trailer': 'x-amz-meta-a' };
    expect(() => receive('', headers, TRAILER)).toThrow(withCode('s3.invalid-request'));
  });

  test('those that only name an algorithm are not checksums', async () => {
    const headers = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' };
    expect(await readText(receive(DIGITS, headers), 100)).toBe(DIGITS);
  });
});

test('the length must be a number, and be known of chunked bodies', () => {
  expect(receive('', { 'content-length': '9' }).size).toBe(9);
  expect(receive('', {}).size).toBeUndefined();
  expect(() => receive('', { 'content-length': '1e3' })).toThrow(withCode('s3.invalid-argument'));
  expect(() => receive('', {}, TRAILER)).toThrow(withCode('s3.missing-content-length'));
});

test('a text has a limit', async () => {
  expect(await readText(receive(DIGITS, {}), 9)).toBe(DIGITS);
  await expect(readText(receive(DIGITS, {}), 8)).rejects.toThrow(withCode('s3.message-too-long'));
});
