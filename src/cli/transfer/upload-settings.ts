import type { PutOptions } from '../../../sdk/src/index.ts';

/** What the objects that files become are, beside their bytes. */
export type UploadSettings = Pick<
  PutOptions,
  'contentType' | 'cacheControl' | 'contentDisposition' | 'contentEncoding' | 'metadata' | 'tags' | 'acl'
>;
