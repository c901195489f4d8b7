import type { Origin } from '../../store/change-feed.ts';
import type { ListedObject } from '../../store/list.ts';
import type { ObjectInfo, ObjectMetadata } from '../../store/object.ts';
import { wallTime } from '../../store/stamp.ts';
import { versionIdOf } from '../../store/version-id.ts';
import { encryptionOf, type SealedKey, sealedKeyBytes } from '../encryption/sealed-key.ts';
import { readUint64, writeUint64 } from '../uint64.ts';

/** A file of its own that holds a large object, or a part of one. */
export interface FileRef {
  readonly id: number;
  readonly size: number;
  readonly crc: number;
}

/** Where a record is in the journal. */
export interface Location {
  readonly position: number;
  readonly length: number;
}

/** The first and the last journal segment that may still hold a dead predecessor. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** What a version's record says. */
export interface VersionHead {
  readonly size: number;
  readonly etag: string;
  /** Has a version id of its own; otherwise it is the `null` version and replaces the one before. */
  readonly versioned: boolean;
  /** S3's delete marker: the key has no current object. */
  readonly deleteMarker: boolean;
  /** Of a delete marker: a lifecycle rule made it. Told by its record; the index does not need it. */
  readonly byLifecycle?: boolean | undefined;
  readonly origin: Origin;
  readonly metadata: ObjectMetadata;
  /** In order; empty: the bytes follow in the record itself. */
  readonly files: readonly FileRef[];
  /** Absent: the bytes are not encrypted. */
  readonly sealedKey?: SealedKey | undefined;
}

export interface Version extends VersionHead {
  readonly stamp: number;
  readonly location: Location;
  /** Of dead records of the same key; a later removal must outlive them. */
  readonly span: Span | undefined;
}

/** A version that is gone: since `until` only snapshots and forks of before show it. */
export interface RetainedVersion extends Version {
  readonly until: number;
}

/**
 * flags 1 · parts 2 · md5 16 · size 8 · content type length 2 · extra length 4 ·
 * files 4 · content type · extra (JSON of headers and user metadata, or nothing) ·
 * files (id 8 · size 8 · crc 4 each) · sealed key (60; 88 with a customer's key), where the flags say so
 */
const FIXED_BYTES = 37;
const FILE_BYTES = 20;
const VERSIONED = 1;
const DELETE_MARKER = 2;
const ENCRYPTED = 4;
const BY_CUSTOMER = 8;
const BY_LIFECYCLE = 16;
/** Two bits: what the object was made by. Stores of before events have zeros there. */
const ORIGIN_SHIFT = 6;
const ORIGINS: readonly Origin[] = ['put', 'post', 'copy', 'complete'];
const NONE: Readonly<Record<string, string>> = Object.freeze({});
const NO_EXTRA = [NONE, NONE] as const;
const NO_BYTES = Buffer.alloc(0);
const NO_ETAG = '0'.repeat(32);

export function encodeVersionHead(head: VersionHead): Buffer {
  const { headers, user } = head.metadata;
  const type = Buffer.from(head.metadata.contentType);
  const extra = isEmpty(headers) && isEmpty(user) ? NO_BYTES : Buffer.from(JSON.stringify([headers, user]));
  const sealed = head.sealedKey?.bytes ?? NO_BYTES;
  const filesStart = FIXED_BYTES + type.length + extra.length;
  const bytes = Buffer.allocUnsafe(filesStart + head.files.length * FILE_BYTES + sealed.length);
  const [md5 = '', parts = '0'] = head.etag.split('-');
  bytes.writeUInt8(encodeFlags(head), 0);
  bytes.writeUInt16BE(Number(parts), 1);
  bytes.write(md5, 3, 16, 'hex');
  writeUint64(bytes, head.size, 19);
  bytes.writeUInt16BE(type.length, 27);
  bytes.writeUInt32BE(extra.length, 29);
  bytes.writeUInt32BE(head.files.length, 33);
  type.copy(bytes, FIXED_BYTES);
  extra.copy(bytes, FIXED_BYTES + type.length);
  let at = filesStart;
  for (const file of head.files) at = writeFileRef(bytes, file, at);
  sealed.copy(bytes, at);
  return bytes;
}

function encodeFlags({ versioned, deleteMarker, byLifecycle, origin, sealedKey }: VersionHead): number {
  return (
    (versioned ? VERSIONED : 0) |
    (deleteMarker ? DELETE_MARKER : 0) |
    (byLifecycle ? BY_LIFECYCLE : 0) |
    (sealedKey ? ENCRYPTED : 0) |
    (sealedKey?.byCustomer ? BY_CUSTOMER : 0) |
    (ORIGINS.indexOf(origin) << ORIGIN_SHIFT)
  );
}

function writeFileRef(bytes: Buffer, { id, size, crc }: FileRef, at: number): number {
  writeUint64(bytes, id, at);
  writeUint64(bytes, size, at + 8);
  bytes.writeUInt32BE(crc, at + 16);
  return at + FILE_BYTES;
}

export function decodeVersionHead(bytes: Buffer, start = 0): VersionHead {
  return decodeHead(bytes, start, decodeFiles);
}

/** Without its files, of which there may be ten thousand. */
type VersionFacts = Omit<VersionHead, 'files'> & Pick<Version, 'stamp'>;

const passFiles = (): readonly FileRef[] => [];

function decodeHead(bytes: Buffer, start: number, readFiles: typeof decodeFiles): VersionHead {
  const flags = bytes.readUInt8(start);
  const typeEnd = start + FIXED_BYTES + bytes.readUInt16BE(start + 27);
  const extraEnd = typeEnd + bytes.readUInt32BE(start + 29);
  const count = bytes.readUInt32BE(start + 33);
  const files = readFiles(bytes, extraEnd, count);
  return {
    size: readUint64(bytes, start + 19),
    etag: decodeEtag(bytes, start),
    versioned: (flags & VERSIONED) !== 0,
    deleteMarker: (flags & DELETE_MARKER) !== 0,
    byLifecycle: (flags & BY_LIFECYCLE) !== 0,
    origin: ORIGINS[flags >> ORIGIN_SHIFT] ?? 'put',
    metadata: decodeMetadata(bytes.toString('utf8', start + FIXED_BYTES, typeEnd), bytes, typeEnd, extraEnd),
    files,
    sealedKey: decodeSealedKey(bytes, extraEnd + count * FILE_BYTES, flags),
  };
}

function decodeEtag(bytes: Buffer, start: number): string {
  const parts = bytes.readUInt16BE(start + 1);
  const md5 = bytes.toString('hex', start + 3, start + 19);
  return parts > 0 ? `${md5}-${parts}` : md5;
}

/** A copy: the bytes around it are many times its size, and may not be kept for it. */
function decodeSealedKey(bytes: Buffer, start: number, flags: number): SealedKey | undefined {
  if ((flags & ENCRYPTED) === 0) return undefined;
  const byCustomer = (flags & BY_CUSTOMER) !== 0;
  const sealed = Buffer.allocUnsafe(sealedKeyBytes(byCustomer));
  bytes.copy(sealed, 0, start);
  return { bytes: sealed, byCustomer };
}

function decodeMetadata(contentType: string, bytes: Buffer, start: number, end: number): ObjectMetadata {
  const [headers, user] = decodeExtra(bytes, start, end);
  return { contentType, headers, user };
}

type Fields = Readonly<Record<string, string>>;

/** Headers and user metadata. */
function decodeExtra(bytes: Buffer, start: number, end: number): readonly [Fields, Fields] {
  return start === end ? NO_EXTRA : (JSON.parse(bytes.toString('utf8', start, end)) as [Fields, Fields]);
}

function decodeFiles(bytes: Buffer, start: number, count: number): readonly FileRef[] {
  const files: FileRef[] = [];
  for (let at = start; files.length < count; at += FILE_BYTES) {
    files.push({
      id: readUint64(bytes, at),
      size: readUint64(bytes, at + 8),
      crc: bytes.readUInt32BE(at + 16),
    });
  }
  return files;
}

/** The index entry: position 8 · length 4 · span 4 + 4 (0: none) · head. */
const ENTRY_PREFIX_BYTES = 20;

export function encodeVersionEntry(version: Version, head: Buffer = encodeVersionHead(version)): Buffer {
  const bytes = Buffer.allocUnsafe(ENTRY_PREFIX_BYTES + head.length);
  writeUint64(bytes, version.location.position, 0);
  bytes.writeUInt32BE(version.location.length, 8);
  bytes.writeUInt32BE(version.span?.first ?? 0, 12);
  bytes.writeUInt32BE(version.span?.last ?? 0, 16);
  head.copy(bytes, ENTRY_PREFIX_BYTES);
  return bytes;
}

export function decodeVersionEntry(bytes: Buffer, stamp: number): Version {
  const first = bytes.readUInt32BE(12);
  const head = decodeVersionHead(bytes, ENTRY_PREFIX_BYTES);
  return {
    stamp,
    size: head.size,
    etag: head.etag,
    versioned: head.versioned,
    deleteMarker: head.deleteMarker,
    origin: head.origin,
    metadata: head.metadata,
    files: head.files,
    sealedKey: head.sealedKey,
    location: { position: readUint64(bytes, 0), length: bytes.readUInt32BE(8) },
    span: first === 0 ? undefined : { first, last: bytes.readUInt32BE(16) },
  };
}

export function decodeVersionFacts(entry: Buffer, stamp: number): VersionFacts {
  const { files: _files, ...facts } = decodeHead(entry, ENTRY_PREFIX_BYTES, passFiles);
  return { ...facts, stamp };
}

/** How many files an entry names. */
export function fileCount(entry: Buffer): number {
  return entry.readUInt32BE(ENTRY_PREFIX_BYTES + 33);
}

export function isDeleteMarker(entry: Buffer): boolean {
  return (entry.readUInt8(ENTRY_PREFIX_BYTES) & DELETE_MARKER) !== 0;
}

export function isVersioned(entry: Buffer): boolean {
  return (entry.readUInt8(ENTRY_PREFIX_BYTES) & VERSIONED) !== 0;
}

export function isSealed(entry: Buffer): boolean {
  return (entry.readUInt8(ENTRY_PREFIX_BYTES) & ENCRYPTED) !== 0;
}

type Listed = Pick<ListedObject, 'size' | 'etag' | 'headers'>;

/** Of an entry, what a listing says of the object. */
export function decodeListed(entry: Buffer): Listed {
  const start = ENTRY_PREFIX_BYTES;
  const extraStart = start + FIXED_BYTES + entry.readUInt16BE(start + 27);
  const [headers] = decodeExtra(entry, extraStart, extraStart + entry.readUInt32BE(start + 29));
  return { size: readUint64(entry, start + 19), etag: decodeEtag(entry, start), headers };
}

/** Entries and heads of retained versions: until 8 · entry or head of the version. */
const UNTIL_BYTES = 8;

export function withUntil(bytes: Buffer, until: number): Buffer {
  const retained = Buffer.allocUnsafe(UNTIL_BYTES + bytes.length);
  writeUint64(retained, until, 0);
  bytes.copy(retained, UNTIL_BYTES);
  return retained;
}

export function splitUntil(bytes: Buffer): { readonly until: number; readonly rest: Buffer } {
  return { until: readUint64(bytes, 0), rest: bytes.subarray(UNTIL_BYTES) };
}

export function objectInfo(key: string, version: VersionHead & Pick<Version, 'stamp'>): ObjectInfo {
  const info = listedInfo(key, version);
  // A part is a file of its own, and a copy shares them: the files of such an ETag are the parts.
  return version.etag.includes('-') ? { ...info, partSizes: version.files.map(({ size }) => size) } : info;
}

export function listedInfo(key: string, version: VersionFacts): Omit<ObjectInfo, 'partSizes'> {
  const info: { -readonly [Name in keyof ObjectInfo]: ObjectInfo[Name] } = {
    key,
    size: version.size,
    etag: version.etag,
    versionId: versionIdOf(version),
    lastModified: wallTime(version.stamp),
    metadata: version.metadata,
  };
  if (version.sealedKey) info.encryption = encryptionOf(version.sealedKey);
  return info;
}

export function deleteMarker(versioned: boolean, byLifecycle = false): VersionHead {
  const metadata = { contentType: '', headers: NONE, user: NONE };
  return { size: 0, etag: NO_ETAG, versioned, deleteMarker: true, byLifecycle, origin: 'put', metadata, files: [] };
}

/** The smallest span over both. */
export function joinSpans(a: Span | undefined, b: Span | undefined): Span | undefined {
  if (!a || !b) return a ?? b;
  return { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
}
