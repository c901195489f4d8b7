import type { Bucket } from './bucket.ts';

/**
 * Reads the document of that name, which is JSON; `undefined` of a bucket that has none. Buckets are immutable: what
 * each says is parsed once.
 */
export function documentReader<Content extends object>(name: string): (bucket: Bucket) => Content | undefined {
  const known = new WeakMap<Bucket, Content>();
  return (bucket) => {
    const text = bucket.documents?.[name];
    if (text === undefined) return undefined;
    const before = known.get(bucket);
    if (before) return before;
    const content = JSON.parse(text) as Content;
    known.set(bucket, content);
    return content;
  };
}
