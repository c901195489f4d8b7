import type { ObjectMetadata } from '../../store/object.ts';
import type { PartInfo } from '../../store/upload.ts';
import { type XmlElements, type XmlText, xml } from '../xml.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, checksumElement, checksumHeader } from './checksums.ts';

/** Of the bytes, or of the checksums of the parts (S3 User Guide, "Checking object integrity"). */
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64; behind a composite one stands `-<parts>`. */
  readonly value: string;
}

const TYPE = 'x-amz-checksum-type';
const PARTS = 'x-amz-checksum-parts';

/** What an object was verified with is kept beside its headers; a type that is not there is `FULL_OBJECT`. */
export function objectChecksum({ headers }: Pick<ObjectMetadata, 'headers'>): ObjectChecksum | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = headers[checksumHeader(algorithm)];
    if (value === undefined) continue;
    return { algorithm, type: headers[TYPE] === 'COMPOSITE' ? 'COMPOSITE' : 'FULL_OBJECT', value };
  }
  return undefined;
}

/** Of each part of an object, in order; nothing where it was not uploaded by parts. */
export function partChecksums({ headers }: ObjectMetadata): readonly string[] {
  return headers[PARTS]?.split(',') ?? [];
}

/** In place of all that the metadata said about checksums; `parts` as `partChecksums` gives them. */
export function withChecksum(
  metadata: ObjectMetadata,
  checksum: ObjectChecksum | undefined,
  parts: readonly string[] = [],
): ObjectMetadata {
  const others = Object.entries(metadata.headers).filter(([name]) => !name.startsWith('x-amz-checksum-'));
  return {
    ...metadata,
    headers: {
      ...Object.fromEntries(others),
      ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
      ...(checksum?.type === 'COMPOSITE' ? { [TYPE]: checksum.type } : {}),
      ...(parts.length > 0 ? { [PARTS]: parts.join(',') } : {}),
    },
  };
}

export function checksumAnswer(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, [TYPE]: checksum.type };
}

/** A listing tells which checksum there is, not its value. */
export function listedChecksum(metadata: Pick<ObjectMetadata, 'headers'>): XmlText | undefined {
  const checksum = objectChecksum(metadata);
  if (!checksum) return undefined;
  return xml`<ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`;
}

/** The elements of what `x-amz-checksum-*` headers say of a part. */
export function checksumValues(headers: PartInfo['headers']): XmlElements {
  return Object.fromEntries(
    CHECKSUM_ALGORITHMS.map((algorithm) => [checksumElement(algorithm), headers?.[checksumHeader(algorithm)]]),
  );
}

export function checksumElements(checksum: ObjectChecksum | undefined): XmlElements {
  if (!checksum) return {};
  return { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type };
}
