import { deserialize, serialize } from 'node:v8';
import type { StoredKey } from '../access/key-file.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Deposited } from '../store/deposit.ts';
import type { CustomerKey, ObjectInfo, PutObject } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import type { StoredBody } from '../store/stored-body.ts';
import type { PutPart } from '../store/upload.ts';

/** Methods whose last word is a body: it follows the call as frames. */
type BodyCall = 'put' | 'putPart';
/** Answered by the gateway itself, or with a body. */
type OwnCall = 'encrypts' | 'bucket' | 'buckets' | 'open' | 'close';
type PlainCall = Exclude<keyof ObjectStore, BodyCall | OwnCall>;

/** One value in, one value out. All that the contract has: the type sees to that. */
const PLAIN_CALLS: Readonly<Record<PlainCall, true>> = {
  createBucket: true,
  updateBucket: true,
  deleteBucket: true,
  usage: true,
  createSnapshot: true,
  snapshots: true,
  deleteSnapshot: true,
  head: true,
  findVersion: true,
  updateMetadata: true,
  remove: true,
  copy: true,
  list: true,
  listVersions: true,
  createUpload: true,
  findUpload: true,
  listParts: true,
  listUploads: true,
  completeUpload: true,
  abortUpload: true,
};

export type { BodyCall, PlainCall };
export const plainCalls = Object.keys(PLAIN_CALLS) as readonly PlainCall[];

export function isPlainCall(name: string): name is PlainCall {
  return Object.hasOwn(PLAIN_CALLS, name);
}

/** Of a version or a part, by lower-case name. */
export type Headers = Record<string, string>;

/** What comes before the body. */
export type BodyHead = Omit<PutObject, 'body'> | Omit<PutPart, 'body'>;

/** Checksums that come behind the bytes are added to them while the body is read. */
export function lateHeaders(head: BodyHead): Headers | undefined {
  return 'metadata' in head ? head.metadata.headers : head.headers;
}

/** The head of a call. */
export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
  /** Its body comes as a `Deposit`. */
  readonly deposit?: boolean | undefined;
}

/** What the gateway says when its deposit is at its place, with the headers that came behind the body. */
export interface Written extends Deposited {
  readonly headers: Headers;
}

/** What every gateway has by heart, since each request asks for it: all of it at first, in pieces, then what has changed. */
export interface StateChange {
  readonly number: number;
  /** With it and what was said before it the gateway has all. */
  readonly isComplete: boolean;
  /** Of the store. */
  readonly encrypts: boolean;
  /** As of `DepositStore`. */
  readonly depositsAbove: number | undefined;
  /** By name; `undefined`: there is none any more. */
  readonly buckets: readonly (readonly [string, Bucket | undefined])[];
  readonly keys?: readonly StoredKey[] | undefined;
  /** The names of all there are. */
  readonly webhooks?: readonly string[] | undefined;
}

/** The answer to `open`. */
export interface Opened {
  readonly info: ObjectInfo;
  /** All bytes of a small object, which then is open no more. */
  readonly bytes?: Uint8Array | undefined;
  /** What the gateway reads itself. */
  readonly stored?: StoredBody | undefined;
}

/**
 * Asked for all the time: as JSON the small ones cost a fifth of a structured clone, and a listing of 1,000
 * objects three fifths. Their arguments and answers are text and numbers, and what is `undefined` in them is as
 * good as absent.
 */
const TEXT_CALLS: ReadonlySet<string> = new Set<keyof ObjectStore>([
  'open',
  'head',
  'put',
  'putPart',
  'remove',
  'list',
  'listVersions',
]);

/** Where the arguments hold bytes, the structured clone format takes them. */
export function packCall(call: Call): Buffer {
  const { method, args, deposit } = call;
  if (!TEXT_CALLS.has(method) || args.some(hasCustomerKey)) return pack(call);
  return packText({ method, args: present(args), deposit });
}

export function packAnswer(method: string, answer: unknown): Buffer {
  return TEXT_CALLS.has(method) ? packText(answer) : pack(answer);
}

function hasCustomerKey(arg: unknown): boolean {
  return typeof arg === 'object' && arg !== null && (arg as CustomerKey).customerKey !== undefined;
}

/** Without an `undefined` at the end, which JSON takes for `null`. */
function present(args: readonly unknown[]): readonly unknown[] {
  return args.at(-1) === undefined ? args.slice(0, -1) : args;
}

export function packText(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** The structured clone format: bytes and `undefined` cross as they are. */
export function pack(value: unknown): Buffer {
  return serialize(value);
}

/** Its first byte, the mark of a version, is none of UTF-8. */
const CLONE_MARK = 0xff;

export function unpack<T>(payload: Buffer): T {
  return payload[0] === CLONE_MARK ? deserialize(payload) : JSON.parse(payload.toString());
}

const LENGTH_BYTES = 4;

/** What comes before the bytes of a small object: length of the rest 4 · the rest. */
export function packOpened(info: ObjectInfo): Buffer {
  const text = JSON.stringify(info);
  const head = Buffer.allocUnsafe(LENGTH_BYTES + Buffer.byteLength(text));
  head.writeUInt32BE(head.length - LENGTH_BYTES);
  head.write(text, LENGTH_BYTES);
  return head;
}

export function unpackOpened(payload: Buffer): Opened {
  const end = LENGTH_BYTES + payload.readUInt32BE();
  return { info: JSON.parse(payload.toString('utf8', LENGTH_BYTES, end)), bytes: payload.subarray(end) };
}
