import { describe, expect, test } from 'vitest';
import { BOUNDARY, encodeForm } from '../../../../tests/support/post-form.ts';
import { readBoundary, readForm } from './form.ts';

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7) {
  const form = await readForm(pieces(text, size), BOUNDARY);
  const chunks: Uint8Array[] = [];
  for await (const bytes of form.file) chunks.push(bytes);
  return { fields: Object.fromEntries(form.fields), filename: form.filename, file: Buffer.concat(chunks).toString() };
}

const failure = (code: string) => expect.objectContaining({ code });

describe('a form', () => {
  const tricky = `\r\n--${BOUNDARY.slice(0, -1)}\r\r\n--\r\n-${BOUNDARY}\r\n\r`;

  test.each([1, 2, 3, 5, 16, 31, 1000, 100_000])('is read in pieces of %i bytes', async (size) => {
    const text = encodeForm({ Key: 'a/b', 'x-amz-meta-ü': 'grün\r\n', empty: '' }, { content: tricky.repeat(3) });
    expect(await read(text, size)).toEqual({
      fields: { key: 'a/b', 'x-amz-meta-ü': 'grün\r\n', empty: '' },
      filename: 'a.txt',
      file: tricky.repeat(3),
    });
  });

  test('may have an empty file, something before and after, and no line end at its end', async () => {
    const text = encodeForm({ key: 'a' }, { content: '' });
    expect((await read(`preamble\r\n${text}epilogue`)).file).toBe('');
    expect((await read(text.slice(0, -2))).file).toBe('');
  });

  test('does not read what is behind the file', async () => {
    const behind = encodeForm({ key: 'b' }, { content: 'other' });
    const text = encodeForm({ key: 'a' }, { content: 'x' }).replace(
      /--\r\n$/,
      `\r\n${behind.slice(BOUNDARY.length + 4)}`,
    );
    expect(await read(text)).toEqual({ fields: { key: 'a' }, filename: 'a.txt', file: 'x' });
  });

  test.each([
    ['C:\\Users\\me\\photo.png', 'photo.png'],
    ['dir/photo.png', 'photo.png'],
    ['a%22b%0D%0A.png', 'a"b\r\n.png'],
    ['a\\"b.png', 'a"b.png'],
    ['größe 😀.png', 'größe 😀.png'],
    ['', ''],
  ])('calls its file %j: %j', async (name, expected) => {
    expect((await read(encodeForm({ key: 'a' }, { name, content: 'x' }))).filename).toBe(expected);
  });

  test('joins the values of a field that came twice', async () => {
    const text = encodeForm({ key: 'a', tag: 'b', other: 'c' }, { content: '' }).replace('"other"', '"tag"');
    expect((await read(text)).fields).toEqual({ key: 'a', tag: 'b,c' });
  });

  test.each([
    ['s3.invalid-argument', encodeForm({ key: 'a' })],
    ['s3.incomplete-body', encodeForm({ key: 'a' }, { content: 'x' }).slice(0, -20)],
    ['s3.incomplete-body', 'no boundary at all'],
    ['s3.incomplete-body', ''],
    ['s3.malformed-post', `--${BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n--${BOUNDARY}--`],
    ['s3.malformed-post', `--${BOUNDARY}\r\nContent-Disposition: form-data; x="y"\r\n\r\nx\r\n--${BOUNDARY}--`],
    ['s3.malformed-post', `--${BOUNDARY}\r\nContent-Disposition: attachment; name="y"\r\n\r\nx\r\n--${BOUNDARY}--`],
    ['s3.malformed-post', `--${BOUNDARY}more\r\n\r\n`],
    ['s3.post-fields-too-long', encodeForm({ key: 'a'.repeat(21_000) }, { content: 'x' })],
    ['s3.post-fields-too-long', `--${BOUNDARY}\r\n${'a'.repeat(30_000)}`],
    ['s3.post-fields-too-long', encodeForm(Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`f${i}`, 'x'])))],
  ])('is refused with %s', async (code, text) => {
    await expect(read(text, 1000)).rejects.toThrow(failure(code));
  });
});

describe('a boundary', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; boundary="a b:c"', 'a b:c'],
    ['multipart/form-data;BOUNDARY=----WebKitFormBoundaryX; x=y', '----WebKitFormBoundaryX'],
  ])('of %s is %s', (type, boundary) => {
    expect(readBoundary(type)).toBe(boundary);
  });

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
  ])('is not in %s', (type) => {
    expect(() => readBoundary(type)).toThrow(failure('s3.malformed-post'));
  });
});
