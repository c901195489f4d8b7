import { type Moment, momentFields } from './moment.ts';
import { type HeadOptions, versionQuery } from './object-version.ts';
import type { S3Client } from './s3-client.ts';
import { elements, escapeXml, text } from './xml.ts';

/** Up to 10 a object; unlike metadata they can change while the object stays. */
export type Tags = Readonly<Record<string, string>>;

/** S3 GetObjectTagging, or without a key GetBucketTagging. */
export async function getTags(
  client: S3Client,
  key: string | undefined,
  { versionId, at, signal }: HeadOptions & { readonly at?: Moment | undefined },
): Promise<Tags> {
  const query = { tagging: '', ...versionQuery(versionId) };
  const { text: xml } = await client.send({ method: 'GET', key, query, headers: momentFields(at), signal });
  return Object.fromEntries(elements(xml, 'Tag').map((tag) => [text(tag, 'Key') ?? '', text(tag, 'Value') ?? '']));
}

/** S3 PutObjectTagging, or without a key PutBucketTagging. */
export async function setTags(
  client: S3Client,
  key: string | undefined,
  { tags, versionId, signal }: HeadOptions & { readonly tags: Tags },
): Promise<void> {
  const list = Object.entries(tags).map(
    ([name, value]) => `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
  );
  const body = Buffer.from(`<Tagging><TagSet>${list.join('')}</TagSet></Tagging>`);
  await client.send({ method: 'PUT', key, query: { tagging: '', ...versionQuery(versionId) }, body, signal });
}

/** The header `x-amz-tagging`, which has the form of a query string. */
export function tagsHeader(tags: Tags): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}
