import { decodeTags, type Tag } from '../object-tags.ts';
import { s3Errors } from './errors.ts';
import type { XmlElements } from './xml.ts';
import type { XmlNode } from './xml-document.ts';

/** S3 User Guide, "Categorizing your storage using tags". */
const MAX_BUCKET_TAGS = 50;
const MAX_OBJECT_TAGS = 10;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/**
 * The tags of a bucket's Tagging document (S3 API, "Tag").
 * @throws HoldfastError `s3.malformed-xml`, `s3.invalid-tag`, `s3.bad-request`
 */
export function readBucketTags(document: XmlNode): readonly Tag[] {
  return checkBucketTags(tagSet(document));
}

/** The tags in the document that a bucket is made with (S3 API, "CreateBucketConfiguration"). @throws as `readBucketTags` */
export function readNewBucketTags(document: XmlNode): readonly Tag[] {
  return checkBucketTags(document.all('Tags').flatMap((tags) => tags.all('Tag').map(readTag)));
}

function checkBucketTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_BUCKET_TAGS) {
    throw s3Errors.badRequest(`Bucket tag count cannot be greater than ${MAX_BUCKET_TAGS}`);
  }
  return checkTags(tags);
}

/** As `readBucketTags`. @throws HoldfastError `s3.malformed-xml`, `s3.invalid-tag`, `s3.bad-request` */
export function readObjectTags(document: XmlNode): readonly Tag[] {
  return checkObjectTags(tagSet(document));
}

/** As query parameters: `x-amz-tagging`. @throws HoldfastError `s3.invalid-argument`, `s3.invalid-tag`, `s3.bad-request` */
export function parseObjectTags(text: string): readonly Tag[] {
  const tags = decodeTags(text);
  const keys = new Set(tags.map(({ key }) => key));
  if (BAD_ESCAPE.test(text) || keys.size < tags.length || keys.has('')) {
    throw s3Errors.invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    );
  }
  return checkObjectTags(tags);
}

const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;

function checkObjectTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_OBJECT_TAGS) {
    throw s3Errors.badRequest(`Object tags cannot be greater than ${MAX_OBJECT_TAGS}`);
  }
  return checkTags(tags);
}

function tagSet(document: XmlNode): readonly Tag[] {
  const [set, ...more] = document.all('TagSet');
  if (!set || more.length > 0) throw s3Errors.malformedXml('one TagSet is expected');
  return set.all('Tag').map(readTag);
}

function readTag(node: XmlNode): Tag {
  const key = node.text('Key');
  const value = node.text('Value');
  if (key === undefined || value === undefined) throw s3Errors.malformedXml('a Tag needs a Key and a Value');
  return { key, value };
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  for (const tag of tags) checkTag(tag);
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw s3Errors.invalidTag('cannot provide multiple Tags with the same key');
  }
  return tags;
}

/** @throws HoldfastError `s3.invalid-tag` */
export function checkTag(tag: Tag): Tag {
  const { key, value } = tag;
  if (key.length === 0 || key.length > MAX_KEY_LENGTH || !ALLOWED.test(key) || key.startsWith('aws:')) {
    throw s3Errors.invalidTag('the TagKey you have provided is invalid');
  }
  if (value.length > MAX_VALUE_LENGTH || !ALLOWED.test(value)) {
    throw s3Errors.invalidTag('the TagValue you have provided is invalid');
  }
  return tag;
}

/** Letters, digits and spaces of any script, and some signs (S3 User Guide, "Categorizing your storage using tags"). */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function tagsXml(tags: readonly Tag[]): XmlElements {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } };
}
