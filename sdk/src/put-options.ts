import { metadataHeaders } from './object-headers.ts';
import { type Tags, tagsHeader } from './tags.ts';
import { unquote } from './unquote.ts';
import type { ReportProgress } from './upload-progress.ts';
import type { UploadResume } from './upload-request.ts';

/** What an object is, beside its bytes. */
export interface ObjectSettings {
  /** Kept with the object and given back by `get` and `head`; 2 KiB in all. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly tags?: Tags | undefined;
}

interface Conditions {
  /** `*`: only where there is no such object yet, else `PreconditionFailed`. */
  readonly ifNoneMatch?: '*' | undefined;
  /** Only where the present object has this ETag, else `PreconditionFailed`. */
  readonly ifMatch?: string | undefined;
}

export interface PutOptions extends ObjectSettings, Conditions {
  /** Default: a Blob's own type, else guessed from the key's extension. */
  readonly contentType?: string | undefined;
  /** Who may read it without a key: nobody, anyone, or anyone with a key of this store. */
  readonly acl?: 'private' | 'public-read' | 'authenticated-read' | undefined;
  /** Data above this size goes in parts of it, several at once. Bytes, default 8 MiB, at least 5 MiB. */
  readonly partSize?: number | undefined;
  /** Parts under way at once, each held in memory. Default 4. */
  readonly concurrency?: number | undefined;
  readonly onProgress?: ReportProgress | undefined;
  /** Keeps the parts of an upload that fails, so that another `put` of the same data can go on with them. */
  readonly resume?: UploadResume | undefined;
  /**
   * Awaited when the data has been read to its end, before the object appears: throw when what was read turns out
   * to be no good, as of a file that changed meanwhile, and what was there stays.
   */
  readonly onRead?: (() => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function settingsHeaders({ metadata, ...options }: ObjectSettings): Record<string, string> {
  const { cacheControl, contentDisposition, contentEncoding, tags } = options;
  return {
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...(contentDisposition === undefined ? {} : { 'content-disposition': contentDisposition }),
    ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
    ...(tags === undefined ? {} : { 'x-amz-tagging': tagsHeader(tags) }),
    ...metadataHeaders(metadata),
  };
}

export function aclHeaders(acl: PutOptions['acl']): Record<string, string> {
  return acl === undefined ? {} : { 'x-amz-acl': acl };
}

export function conditionHeaders({ ifNoneMatch, ifMatch }: Conditions): Record<string, string> {
  return {
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${unquote(ifMatch)}"` }),
  };
}
