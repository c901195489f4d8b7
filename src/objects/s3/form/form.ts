import { s3Errors } from '../errors.ts';
import { MultipartReader, malformed } from './multipart-reader.ts';

/** A form as S3 wants it: fields, and then the file; what stands behind it is not read. */
export interface Form {
  /** By lower-case name; one that came more than once has its values joined by commas. */
  readonly fields: ReadonlyMap<string, string>;
  /** What the client calls the file, without directories. */
  readonly filename: string;
  /** Ends with an error when the form is cut off. */
  readonly file: AsyncIterable<Uint8Array>;
}

/** S3 API, "POST Object": everything but the file. */
const MAX_FIELD_BYTES = 20 * 1024;

/** RFC 2046 section 5.1.1. @throws HoldfastError `s3.malformed-post` */
export function readBoundary(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || !/^[\x20-\x7e]+$/.test(boundary)) throw malformed();
  return boundary;
}

/**
 * Reads a form up to its file.
 * @throws HoldfastError `s3.malformed-post`, `s3.post-fields-too-long`, `s3.incomplete-body`, `s3.invalid-argument` without a file
 */
export async function readForm(source: AsyncIterable<Uint8Array>, boundary: string): Promise<Form> {
  const reader = new MultipartReader(source, boundary, MAX_FIELD_BYTES);
  try {
    await reader.text(); // before the first boundary
    const fields = new Map<string, string>();
    for (;;) {
      const { name, filename } = parseHead(await reader.nextPart());
      if (name === 'file') return { fields, filename: basename(filename ?? ''), file: closing(reader) };
      const before = fields.get(name);
      const value = await reader.text();
      fields.set(name, before === undefined ? value : `${before},${value}`);
    }
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* closing(reader: MultipartReader): AsyncGenerator<Uint8Array> {
  try {
    yield* reader.content();
  } finally {
    await reader.close();
  }
}

interface PartHead {
  readonly name: string;
  readonly filename: string | undefined;
}

/** `Content-Disposition: form-data; name="…"; filename="…"` */
function parseHead(lines: readonly string[] | undefined): PartHead {
  if (!lines) throw s3Errors.invalidArgument('POST requires exactly one file upload per request.');
  const disposition = lines.find((line) => /^content-disposition\s*:/i.test(line)) ?? '';
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, token] of disposition.matchAll(PARAMETER)) {
    parameters.set(name.toLowerCase(), quoted === undefined ? (token ?? '') : unquote(quoted));
  }
  const name = parameters.get('name')?.toLowerCase();
  if (!name || !/^content-disposition\s*:\s*form-data\s*;/i.test(disposition)) throw malformed();
  return { name, filename: parameters.get('filename') };
}

const PARAMETER = /;\s*([a-z*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/gi;

/** Browsers write three characters in percent-encoding (HTML, "multipart/form-data encoding algorithm"), others escape. */
function unquote(text: string): string {
  return text
    .replace(/\\(["\\])/g, '$1')
    .replace(/%22/g, '"')
    .replace(/%0D/gi, '\r')
    .replace(/%0A/gi, '\n');
}

/** Some clients send a path (S3 API, "POST Object", `${filename}`). */
function basename(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
