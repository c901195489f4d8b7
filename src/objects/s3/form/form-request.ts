import type { Authentication } from '../../access/authenticate.ts';
import type { AuthenticateForm } from '../../access/authenticate-form.ts';
import { accessErrors } from '../../access/errors.ts';
import { tagsAttribute } from '../../object-tags.ts';
import { type ReceivedBody, receiveBody } from '../body/request-body.ts';
import { s3Errors } from '../errors.ts';
import { HEADER_NAME } from '../header-name.ts';
import { MAX_KEY_BYTES, type RequestTarget } from '../request-target.ts';
import type { RoutedRequest } from '../routed-request.ts';
import { readObjectTags } from '../tagging.ts';
import { MAX_UPLOAD_BYTES } from '../upload.ts';
import { parseXml } from '../xml-document.ts';
import { readBoundary, readForm } from './form.ts';
import { ANY_SIZE, checkPostPolicy, parsePostPolicy, type SizeRange } from './post-policy.ts';

type Headers = ReadonlyMap<string, string>;

/** What a form asks for, as if it were a PutObject. */
export interface FormRequest {
  readonly routed: RoutedRequest;
  readonly authentication: Authentication;
  body(): Promise<ReceivedBody>;
}

interface FormSource {
  readonly target: RequestTarget;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  readonly authenticateForm: AuthenticateForm;
  readonly now: number;
}

export function isFormUpload(method: string, { key, query }: RequestTarget, headers: Headers): boolean {
  return (
    method === 'POST' &&
    key === '' &&
    query.length === 0 &&
    /^multipart\/form-data\b/i.test(headers.get('content-type') ?? '')
  );
}

/**
 * Reads the form up to its file: who made it, and whether its policy allows what is in it. Whether
 * they may write there is not asked here.
 * @throws HoldfastError `access.*`, `s3.*`
 */
export async function receiveForm({ target, headers, body, authenticateForm, now }: FormSource): Promise<FormRequest> {
  if (headers.has('authorization')) throw accessErrors.mechanism('a form is signed by its policy, not by a header');
  const { fields, filename, file } = await readForm(body, readBoundary(headers.get('content-type') ?? ''));
  const identity = authenticateForm(fields);
  const key = readKey(fields, filename);
  const policy = fields.get('policy');
  const size = policy === undefined ? ANY_SIZE : allowedSize(policy, { fields, key, target, now });
  const standing = headersOf(fields, headers);
  const payload = { kind: 'unsigned' } as const;
  return {
    routed: { method: 'POST', bucket: target.bucket, key, query: new Map(), headers: standing },
    authentication: { identity, payload, mechanism: 'form' },
    body: async () => ({ ...receiveBody(sized(file, size), { headers: standing, payload }), bounded: true }),
  };
}

/** @throws HoldfastError `s3.invalid-argument`, `s3.key-too-long` */
function readKey(fields: Headers, filename: string): string {
  const key = fields.get('key')?.replaceAll(/\$\{filename\}/g, () => filename);
  if (!key) {
    throw s3Errors.invalidArgument(
      "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields.",
    );
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw s3Errors.keyTooLong('the key is longer than 1,024 bytes');
  return key;
}

interface Filled {
  readonly fields: Headers;
  readonly key: string;
  readonly target: RequestTarget;
  readonly now: number;
}

/** The policy sees the fields as they count: the key with the name of the file in it, and the bucket that was asked. */
function allowedSize(text: string, { fields, key, target, now }: Filled): SizeRange {
  const policy = parsePostPolicy(text);
  checkPostPolicy(policy, new Map([...fields, ['key', key], ['bucket', target.bucket]]), now);
  return policy.size;
}

/** Of the request itself: what policies ask for, and where it was sent. */
const OF_REQUEST = ['host', 'origin', 'referer', 'user-agent'];

/** The fields in the place of the headers of a PutObject, as bytes of UTF-8 like those. */
function headersOf(fields: Headers, headers: Headers): Headers {
  const standing = new Map(OF_REQUEST.flatMap((name) => (headers.has(name) ? [[name, headers.get(name) ?? '']] : [])));
  for (const [name, value] of fields) {
    if (OF_REQUEST.includes(name) || name === 'policy' || name === 'tagging' || name === 'content-length') continue;
    const isName = HEADER_NAME.test(name) || !name.startsWith('x-amz-'); // nobody asks for others
    if (!isName || !FIELD_VALUE.test(value)) throw badField();
    standing.set(name === 'acl' ? 'x-amz-acl' : name, Buffer.from(value).toString('latin1'));
  }
  const tagging = fields.get('tagging');
  const tags = tagging === undefined ? undefined : tagsAttribute(readObjectTags(parseXml(tagging, 'Tagging')));
  for (const [name, value] of Object.entries(tags ?? {})) if (value !== undefined) standing.set(name, value);
  return standing;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what RFC 9110 section 5.5 does not allow in a value
const FIELD_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

function badField() {
  return s3Errors.invalidArgument('a form field that stands for a header is not one');
}

/** Ends with an error when the file is not of that size: nothing is stored then. */
async function* sized(file: AsyncIterable<Uint8Array>, { min, max }: SizeRange): AsyncGenerator<Uint8Array> {
  let size = 0;
  const most = Math.min(max, MAX_UPLOAD_BYTES);
  for await (const bytes of file) {
    size += bytes.length;
    if (size > most) throw s3Errors.entityTooLarge('Your proposed upload exceeds the maximum allowed size');
    yield bytes;
  }
  if (size < min) throw s3Errors.entityTooSmall('Your proposed upload is smaller than the minimum allowed size');
}
