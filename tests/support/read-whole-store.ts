import { createHash } from 'node:crypto';
import { type SignerKey, signRequest } from './s3-signer.ts';

export interface S3Place {
  readonly port: number;
  readonly key: SignerKey;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
}

type Fields = Readonly<Record<string, string>>;

const SETTINGS = ['versioning', 'policy', 'cors', 'tagging', 'object-lock'];
const TOLD =
  /^(content-type|cache-control|etag|x-amz-meta-.*|x-amz-version-id|x-amz-checksum-.*|x-amz-object-lock-.*|x-amz-tagging-count)$/;

const customerKey = Buffer.alloc(32, 'customer');
const CUSTOMER: Fields = {
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-server-side-encryption-customer-key': customerKey.toString('base64'),
  'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(customerKey).digest('base64'),
};

/** All that clients can read of a small store, over S3: buckets, settings, versions, bytes, headers, tags, uploads, snapshots. */
export async function readWholeStore(place: S3Place): Promise<Readonly<Record<string, object>>> {
  const { text } = await ask(place, '/');
  const buckets: Record<string, object> = {};
  for (const bucket of all(text, 'Bucket')) {
    const name = one(bucket, 'Name');
    buckets[name] = await readBucket(place, name);
  }
  return buckets;
}

async function readBucket(place: S3Place, bucket: string): Promise<object> {
  const settings: Record<string, string> = {};
  for (const name of SETTINGS) {
    const { status, text } = await ask(place, `/${bucket}`, { [name]: '' });
    if (status === 200) settings[name] = plainXml(text);
  }
  const listed = await ask(place, `/${bucket}`, { versions: '' });
  const entries = all(listed.text, 'Version|DeleteMarker');
  return {
    settings,
    versions: Object.fromEntries(await inTurn(entries, (entry) => readVersion(place, bucket, entry))),
    uploads: await readUploads(place, bucket),
    snapshots: await readSnapshots(place, bucket),
  };
}

/** By its key, and by its id where it has one of its own. */
async function readVersion(place: S3Place, bucket: string, entry: string): Promise<readonly [string, object]> {
  const isMarker = !entry.includes('<Size>');
  const id = one(entry, 'VersionId');
  const key = one(entry, 'Key');
  const name = id === 'null' ? key : `${key} ${id}`;
  const kind = isMarker ? 'DeleteMarker' : 'Version';
  const listed = { kind, latest: one(entry, 'IsLatest'), modified: one(entry, 'LastModified') };
  if (isMarker) return [name, listed];
  const path = `/${bucket}/${key}`;
  const object = await readObject(place, path, { versionId: id });
  const tagging = await ask(place, path, { tagging: '', versionId: id });
  const values = all(tagging.text, 'Value');
  const tags = all(tagging.text, 'Key').map((name, index) => [name, values[index]]);
  return [name, { ...listed, size: Number(one(entry, 'Size')), ...object, tags }];
}

async function readObject(place: S3Place, path: string, query: Fields): Promise<object> {
  const mode = { 'x-amz-checksum-mode': 'ENABLED' };
  const plain = await ask(place, path, query, mode);
  const { status, bytes, headers } =
    plain.status === 400 ? await ask(place, path, query, { ...mode, ...CUSTOMER }) : plain;
  const told = [...headers].filter(([name]) => TOLD.test(name)).sort();
  return { status, sha256: sha256(bytes), headers: Object.fromEntries(told) };
}

async function readUploads(place: S3Place, bucket: string): Promise<readonly object[]> {
  const { text } = await ask(place, `/${bucket}`, { uploads: '' });
  return inTurn(all(text, 'Upload'), async (upload) => {
    const [key, id] = [one(upload, 'Key'), one(upload, 'UploadId')];
    const parts = await ask(place, `/${bucket}/${key}`, { uploadId: id });
    return { key, id, parts: all(parts.text, 'ETag') };
  });
}

async function readSnapshots(place: S3Place, bucket: string): Promise<object> {
  const { text } = await ask(place, `/${bucket}`, { snapshots: '' });
  const snapshots: Record<string, Record<string, string>> = {};
  for (const id of all(text, 'Id')) {
    const objects: Record<string, string> = {};
    const at = { 'x-holdfast-snapshot': id };
    const listed = await ask(place, `/${bucket}`, { 'list-type': '2', ...at });
    for (const key of all(listed.text, 'Key')) objects[key] = sha256((await ask(place, `/${bucket}/${key}`, at)).bytes);
    snapshots[id] = objects;
  }
  return snapshots;
}

async function ask({ port, key }: S3Place, path: string, query: Fields = {}, more: Fields = {}): Promise<Answer> {
  const host = `127.0.0.1:${port}`;
  const parameters = Object.entries(query);
  const signed = { method: 'GET', path, query: parameters, headers: { host, ...more } };
  const headers = signRequest(key, { ...signed, payload: 'UNSIGNED-PAYLOAD', region: 'local' });
  const answer = await fetch(
    `http://${host}${path.split('/').map(encodeURIComponent).join('/')}?${new URLSearchParams(query)}`,
    { headers },
  );
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, bytes, text: bytes.toString() };
}

async function inTurn<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await read(item));
  return results;
}

/** What the elements of that name hold, those inside of others too. */
function all(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<(${name})>(.*?)</\\1>`, 'gs'));
  return [...found].map(([, , content = '']) => plainText(content));
}

function one(xml: string, name: string): string {
  return all(xml, name)[0] ?? '';
}

function plainText(xml: string): string {
  return xml.includes('<') ? xml : xml.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

function plainXml(xml: string): string {
  return xml
    .replace(/<\?xml[^>]*>/, '')
    .replace(/>\s+</g, '><')
    .trim();
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
