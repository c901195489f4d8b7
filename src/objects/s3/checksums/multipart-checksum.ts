import { uploadErrors } from '../../store/errors/upload-errors.ts';
import type { ObjectMetadata } from '../../store/object.ts';
import type { PartInfo } from '../../store/upload.ts';
import { s3Errors } from '../errors.ts';
import type { XmlElements } from '../xml.ts';
import {
  assertChecksumValue,
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumHeader,
  checksumTypeMismatch,
  createHasher,
  multipleChecksums,
  parseChecksumAlgorithm,
} from './checksums.ts';
import { combineCrcs, isCombinable } from './crc-combine.ts';
import { type ChecksumType, type ObjectChecksum, withChecksum } from './object-checksum.ts';

type Headers = ReadonlyMap<string, string>;

/** What an upload's parts are summed up with, and how their checksums become the object's. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
}

const ALGORITHM = 'x-amz-checksum-algorithm';
const TYPE = 'x-amz-checksum-type';

/**
 * What CreateMultipartUpload asks for. CRC-64 is of the full object only, digests composite only, since none
 * of the whole follows from those of its parts.
 * @throws HoldfastError `s3.invalid-request`
 */
export function requestedUploadChecksum(headers: Headers): UploadChecksum | undefined {
  const algorithm = parseChecksumAlgorithm(headers.get(ALGORITHM));
  const type = headers.get(TYPE)?.toUpperCase();
  if (!algorithm && type !== undefined) {
    throw s3Errors.invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  if (!algorithm) return undefined;
  const allowed = allowedTypes(algorithm);
  const found = allowed.find((one) => type === undefined || one === type);
  if (found) return { algorithm, type: found };
  throw s3Errors.invalidRequest(
    `The ${type?.slice(0, 32)} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
  );
}

/** The default first. */
function allowedTypes(algorithm: ChecksumAlgorithm): readonly ChecksumType[] {
  if (algorithm === 'CRC64NVME') return ['FULL_OBJECT'];
  return isCombinable(algorithm) ? ['COMPOSITE', 'FULL_OBJECT'] : ['COMPOSITE'];
}

/** Kept with the upload beside the headers of its object. */
export function withUploadChecksum(metadata: ObjectMetadata, checksum: UploadChecksum | undefined): ObjectMetadata {
  return { ...metadata, headers: { ...metadata.headers, ...uploadChecksumAnswer(checksum) } };
}

export function uploadChecksumAnswer(checksum: UploadChecksum | undefined): Record<string, string> {
  return checksum ? { [ALGORITHM]: checksum.algorithm, [TYPE]: checksum.type } : {};
}

export function uploadChecksumElements(checksum: UploadChecksum | undefined): XmlElements {
  return { ChecksumAlgorithm: checksum?.algorithm, ChecksumType: checksum?.type };
}

/** As `withUploadChecksum` left it. */
export function uploadChecksum({ headers }: ObjectMetadata): UploadChecksum | undefined {
  const algorithm = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === headers[ALGORITHM]);
  return algorithm && { algorithm, type: headers[TYPE] === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE' };
}

/** A part that a completion names, and what is stored of it: the same bytes when the ETags agree. */
export interface CompletedPart {
  readonly partNumber: number;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
  readonly stored: PartInfo;
}

interface Completion {
  readonly metadata: ObjectMetadata;
  readonly parts: readonly CompletedPart[];
  /** Of the request: what the client says of the whole object. */
  readonly headers: Headers;
}

/**
 * The metadata of the object with its checksum, if the upload has one.
 * @throws HoldfastError `upload.part`, `s3.bad-digest`, `s3.invalid-request`
 */
export function completedMetadata({ metadata, parts, headers }: Completion): ObjectMetadata {
  for (const part of parts) checkPart(part);
  const upload = uploadChecksum(metadata);
  const promised = promisedAlgorithm(headers);
  if (!upload) {
    if (promised) throw s3Errors.invalidRequest('The upload was created without a checksum algorithm.');
    return withChecksum(metadata, undefined);
  }
  const values = parts.map(({ stored }) => storedValue(stored, upload.algorithm));
  const checksum = combine(
    upload,
    parts.map(({ stored }, i) => ({ value: values[i] ?? '', size: stored.size })),
  );
  checkWhole(checksum, headers);
  return withChecksum(metadata, checksum, values);
}

function checkPart({ partNumber, checksums, stored }: CompletedPart): void {
  for (const [algorithm, value] of checksums) {
    if (stored.headers?.[checksumHeader(algorithm)] === value) continue;
    throw uploadErrors.invalidPart(partNumber, `does not have the ${algorithm} ${value}`);
  }
}

function storedValue({ partNumber, headers }: PartInfo, algorithm: ChecksumAlgorithm): string {
  const value = headers?.[checksumHeader(algorithm)];
  if (value === undefined) throw uploadErrors.invalidPart(partNumber, `was uploaded without the ${algorithm}`);
  return value;
}

function combine(
  { algorithm, type }: UploadChecksum,
  parts: readonly { readonly value: string; readonly size: number }[],
): ObjectChecksum {
  const digests = parts.map(({ value, size }) => ({ digest: Buffer.from(value, 'base64'), size }));
  if (type === 'FULL_OBJECT' && isCombinable(algorithm)) {
    return { algorithm, type, value: combineCrcs(algorithm, digests).toString('base64') };
  }
  const hasher = createHasher(algorithm);
  for (const { digest } of digests) hasher.update(digest);
  return { algorithm, type, value: `${hasher.digest().toString('base64')}-${parts.length}` };
}

/** A composite one may be given with or without the number of parts. */
function checkWhole({ algorithm, type, value }: ObjectChecksum, headers: Headers): void {
  const promisedType = headers.get(TYPE)?.toUpperCase() ?? type;
  if (promisedType !== 'COMPOSITE' && promisedType !== 'FULL_OBJECT') {
    throw s3Errors.invalidRequest(`Value for ${TYPE} header is invalid.`);
  }
  if (promisedType !== type) throw s3Errors.badDigest(`the checksum type of the upload is ${type}`);
  const promised = promisedAlgorithm(headers);
  if (!promised) return;
  if (promised !== algorithm) throw checksumTypeMismatch(algorithm, promised);
  const given = headers.get(checksumHeader(promised));
  if (given === value || given === value.split('-')[0]) return;
  throw s3Errors.badDigest(`The ${algorithm} you specified did not match the calculated checksum.`);
}

/** @throws HoldfastError `s3.invalid-request` where several are promised, or what is no checksum */
function promisedAlgorithm(headers: Headers): ChecksumAlgorithm | undefined {
  const [promised, ...more] = CHECKSUM_ALGORITHMS.filter((algorithm) => headers.has(checksumHeader(algorithm)));
  if (more.length > 0) throw multipleChecksums();
  if (promised) assertChecksumValue(promised, headers.get(checksumHeader(promised))?.replace(/-\d{1,5}$/, '') ?? '');
  return promised;
}
