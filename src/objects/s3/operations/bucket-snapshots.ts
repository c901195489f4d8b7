import type { Snapshot } from '../../store/snapshot.ts';
import { s3Errors } from '../errors.ts';
import { isoTime, type Operation, xmlResponse } from '../operation.ts';
import type { XmlElements } from '../xml.ts';

/** Snapshots of a bucket, which S3 has none of. */
export const createBucketSnapshot: Operation = {
  name: 'CreateBucketSnapshot',
  action: 'configure-bucket',
  async handle({ bucket, headers }, { store }) {
    const snapshot = await store.createSnapshot(bucket, { name: headers.get('x-holdfast-snapshot-name') });
    return xmlResponse('CreateBucketSnapshotResult', snapshotElement(snapshot));
  },
};

export const listBucketSnapshots: Operation = {
  name: 'ListBucketSnapshots',
  action: 'read-bucket',
  async handle({ bucket }, { store }) {
    const snapshots = await store.snapshots(bucket);
    return xmlResponse('ListBucketSnapshotsResult', { Bucket: bucket, Snapshot: snapshots.map(snapshotElement) });
  },
};

export const deleteBucketSnapshot: Operation = {
  name: 'DeleteBucketSnapshot',
  action: 'configure-bucket',
  async handle({ bucket, query }, { store }) {
    const id = query.get('id') ?? '';
    if (id === '') throw s3Errors.invalidArgument('id must name a snapshot, by its id or its name');
    await store.deleteSnapshot(bucket, id);
    return { status: 204 };
  },
};

function snapshotElement({ id, name, createdAt, objects, bytes }: Snapshot): XmlElements {
  return { Id: id, Name: name, CreatedAt: isoTime(createdAt), Objects: objects, Bytes: bytes };
}
