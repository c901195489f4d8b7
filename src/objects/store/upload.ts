import type { Body } from './body.ts';
import type { CustomerKey, ObjectEncryption, ObjectMetadata, WriteConditions } from './object.ts';

export interface MultipartUpload {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedAt: number;
  /** Of the object that it becomes. */
  readonly metadata: ObjectMetadata;
  /** Of its parts and of the object. */
  readonly encryption?: ObjectEncryption | undefined;
}

/** Where a listing of uploads goes on: after all uploads of the key, or after that one. */
export interface UploadMarker {
  readonly key: string;
  readonly uploadId?: string | undefined;
}

export interface ListUploads {
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly after?: UploadMarker | undefined;
  /** Uploads and common prefixes together. */
  readonly limit: number;
}

export interface UploadPage {
  /** Keys in UTF-8 byte order, the uploads of a key in the order of their ids. */
  readonly uploads: readonly MultipartUpload[];
  readonly commonPrefixes: readonly string[];
  /** `after` of the next page; absent on the last one. */
  readonly next?: UploadMarker | undefined;
}

export interface PartInfo {
  /** 1 to 10,000. */
  readonly partNumber: number;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  /** Kept with the part and given back as they came: `x-amz-checksum-*`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface PartRef {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

export interface ListParts extends PartRef {
  /** Part numbers above this one. */
  readonly after?: number | undefined;
  /** Absent: all. */
  readonly limit?: number | undefined;
}

export interface PutPart extends PartRef, CustomerKey {
  readonly partNumber: number;
  readonly body: Body;
  readonly size?: number | undefined;
  /** As `PutObject.md5`. */
  readonly md5?: string | undefined;
  /** Read when `body` has ended, as `PutObject.metadata` is. */
  readonly headers?: PartInfo['headers'];
}

export interface CompleteUpload extends PartRef {
  readonly parts: readonly Pick<PartInfo, 'partNumber' | 'etag'>[];
  /** Absent: the upload's. */
  readonly metadata?: ObjectMetadata | undefined;
  readonly conditions?: WriteConditions | undefined;
}
