import { invalidArgument } from './errors.ts';

const MAX_KEY_BYTES = 1024;

/** The key, when S3 can have it. @throws StorageError `InvalidArgument` */
export function checkedKey(key: string): string {
  if (typeof key !== 'string' || key === '')
    throw invalidArgument('the key of an object must be a string that is not empty');
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw invalidArgument(`the key "${key.slice(0, 40)}…" is longer than ${MAX_KEY_BYTES} bytes`);
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(key)) {
    throw invalidArgument(`the key ${JSON.stringify(key)} is not well-formed Unicode`);
  }
  return key;
}
