import { objectTags, type Tag, tagsAttribute } from '../../object-tags.ts';
import type { ObjectInfo } from '../../store/object.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import { readMoment } from '../moment.ts';
import { type Operation, type S3Request, xmlResponse } from '../operation.ts';
import { MAX_UNASKED_BYTES, readXml } from '../request-xml.ts';
import { readObjectTags, tagsXml } from '../tagging.ts';
import { orDeleteMarker, readVersionId, versionHeader } from '../versions.ts';

export const putObjectTagging: Operation = {
  name: 'PutObjectTagging',
  action: 'write-object',
  async handle(request, { store }) {
    const tags = readObjectTags(await readXml(await request.body(), 'Tagging', { maxBytes: MAX_UNASKED_BYTES }));
    await request.access.tagging(request, tags);
    const info = await setTags(request, store, tags);
    return { status: 200, headers: versionHeader(store, request.bucket, info) };
  },
};

export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  action: 'read-bucket', // unlike the bytes, not for the public
  readsPast: true,
  async handle({ bucket, key, query, headers }, { store }) {
    const version = { ...readVersionId(query), ...readMoment(headers) };
    const info = await orDeleteMarker(store, { bucket, key, ...version }, store.head(bucket, key, version));
    return xmlResponse('Tagging', tagsXml(objectTags(info.metadata)), { headers: versionHeader(store, bucket, info) });
  },
};

export const deleteObjectTagging: Operation = {
  name: 'DeleteObjectTagging',
  action: 'write-object',
  async handle(request, { store }) {
    const info = await setTags(request, store, []);
    return { status: 204, headers: versionHeader(store, request.bucket, info) };
  },
};

function setTags({ bucket, key, query }: S3Request, store: ObjectStore, tags: readonly Tag[]): Promise<ObjectInfo> {
  const change = { ...readVersionId(query), headers: tagsAttribute(tags) };
  return orDeleteMarker(store, { bucket, key, ...change }, store.updateMetadata(bucket, key, change));
}
