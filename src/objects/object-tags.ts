import type { HeaderChanges, ObjectMetadata } from './store/object.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export const TAGGING = 'x-amz-tagging';
const NO_TAGS: readonly Tag[] = [];

/** An object's tags are kept beside its headers, as query parameters; no tags are none. */
export function objectTags(metadata: ObjectMetadata): readonly Tag[] {
  return decodeTags(taggingOf(metadata));
}

/** As the store keeps them; empty: none. */
export function taggingOf({ headers }: ObjectMetadata): string {
  return headers[TAGGING] ?? '';
}

export function tagsAttribute(tags: readonly Tag[]): HeaderChanges {
  const text = tags.map(({ key, value }) => `${encodeTag(key)}=${encodeTag(value)}`).join('&');
  return { [TAGGING]: text === '' ? undefined : text };
}

export function decodeTags(text: string): readonly Tag[] {
  if (text === '') return NO_TAGS;
  return [...new URLSearchParams(text)].map(([key, value]) => ({ key, value }));
}

/** No more than that is encoded: escaped throughout, ten tags may be larger than all that an object's metadata may be. */
const encodeTag = (text: string) => text.replace(/[%&=+ ]/g, encodeURIComponent);
