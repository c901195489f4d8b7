import { s3Errors } from './errors.ts';
import type { XmlElements, XmlNode } from './xml.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/**
 * The tags of a Tagging document, at most `limit` (S3 API, "Tag").
 * @throws HoldfastError `s3.malformed-xml`, `s3.invalid-tag`, `s3.invalid-request`
 */
export function readTags(document: XmlNode, limit: number): readonly Tag[] {
  const [set, ...more] = document.all('TagSet');
  if (!set || more.length > 0) throw s3Errors.malformedXml('one TagSet is expected');
  return checkTags(set.all('Tag').map(readTag), limit);
}

function readTag(node: XmlNode): Tag {
  const key = node.text('Key');
  const value = node.text('Value');
  if (key === undefined || value === undefined) throw s3Errors.malformedXml('a Tag needs a Key and a Value');
  return { key, value };
}

function checkTags(tags: readonly Tag[], limit: number): readonly Tag[] {
  if (tags.length > limit) throw s3Errors.invalidRequest(`there can be at most ${limit} tags`);
  for (const { key, value } of tags) {
    if (key.length === 0 || key.length > MAX_KEY_LENGTH || !ALLOWED.test(key) || key.startsWith('aws:')) {
      throw s3Errors.invalidTag('the TagKey you have provided is invalid');
    }
    if (value.length > MAX_VALUE_LENGTH || !ALLOWED.test(value)) {
      throw s3Errors.invalidTag('the TagValue you have provided is invalid');
    }
  }
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw s3Errors.invalidTag('cannot provide multiple Tags with the same key');
  }
  return tags;
}

/** Letters, digits and spaces of any script, and some signs (S3 User Guide, "Categorizing your storage using tags"). */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function tagsXml(tags: readonly Tag[]): XmlElements {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } };
}
