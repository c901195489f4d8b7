import { z } from 'zod';
import { cors } from './cors.ts';
import { events } from './events.ts';
import { decimal, domainName, flag, MAX_DOMAINS, matching, region, size, text, wholeNumber } from './fields.ts';
import { lifecycle } from './lifecycle.ts';
import { logging } from './logging.ts';
import { key, landed, notYet } from './notes.ts';

const website = z.strictObject({
  index: key(
    matching(/^[^/]{1,255}$/, 'a name without a slash, such as index.html').default('index.html'),
    'What is shown for `/` and for every path that ends in a slash.',
  ),
  error: key(text('a key, such as 404.html').optional(), 'What is shown in place of an error, with its status.'),
});

const bucketProperties = z.strictObject({
  accessibility: key(
    z.enum(['private', 'public']).default('private'),
    'Who may read objects without a key: nobody, or everybody.',
  ),
  versioning: key(
    flag().default(false),
    'Keep every version of an object instead of the newest alone. Taken back, it keeps those that there are and makes no more.',
  ),
  quota: key(
    size({ bare: 'GB', min: '1MB', max: '1000TB' }).optional(),
    'What its objects, all versions of them, may take together; what would be more is refused. No limit when absent.',
  ),
  website: key(
    website.optional(),
    'Serve it as a website: `{}` is enough. Redirects: `holdfast object-store website`. Who may read it is up to `accessibility`, or a policy.',
  ),
  domains: key(
    z.array(domainName()).max(MAX_DOMAINS).optional(),
    'Domain names of your own that lead to it, over HTTP, once their DNS records point here.',
  ),
  cors: key(
    cors.optional(),
    'Pages that may use it from a browser, such as for uploads by presigned URL: origins, or rules. It takes no part in who may read or write. Without it, and with no rules of its own, a bucket answers every page.',
  ),
  lifecycle: key(
    lifecycle.optional(),
    'What goes by itself. Days end at the midnight UTC that follows. A rule without `prefix`, `tags` and sizes is about everything.',
  ),
  events: key(
    events.optional(),
    'What happens in it, told to webhooks; each event to one of them, so entries must not overlap.',
  ),
  logging: key(logging.optional(), 'Its access log: a line for each request, in objects of a bucket of this file.'),
});

const volumeSize = size({ bare: 'GB', min: '10MB', max: '64TB' });

const autoExtend = z.strictObject({
  threshold: key(wholeNumber(50, 99).optional(), 'Percentage of the size in use at which the volume grows.', {
    fallback: 80,
  }),
  increment: key(volumeSize.optional(), 'How much it grows at a time.', { fallback: '1GB' }),
  limit: key(volumeSize, 'The size that it never passes.'),
});

const volumeProperties = z.strictObject({
  size: key(volumeSize.prefault('1GB'), 'Size of each volume of this name.'),
  region: key(region().optional(), 'Region of the host that holds it; any when absent. `holdfast regions` lists them.'),
  snapshotRetention: landed(
    wholeNumber(1, 60).optional(),
    'Days for which the daily snapshots are kept. Daily snapshots themselves are not available yet.',
    { values: [5], fallback: 5 },
  ),
  autoExtend: notYet(autoExtend, 'Grow by itself when it fills.'),
});

const filesystemProperties = z.strictObject({
  throughputMode: landed(
    z.enum(['elastic', 'provisioned', 'bursting']).default('elastic'),
    '`elastic` follows the load, `provisioned` is fixed, `bursting` grows with the stored size.',
    { values: ['elastic'] },
  ),
  provisionedThroughputInMibps: notYet(
    decimal(1, 3414),
    'Throughput in MiB/s; required with `throughputMode: provisioned`, refused without it.',
  ),
  backupEnabled: landed(flag().default(false), 'Back it up daily, and keep each backup for 35 days.', {
    values: [false],
  }),
});

export const bucket = z.strictObject({
  type: key(
    z.literal('bucket'),
    'Object storage, reached over the S3 API. A deploy that changes any of its settings sets all of them, in place of what S3 clients and commands have set since. An optional one that the file does not name is left as it is; one that it names no longer is taken away.',
  ),
  properties: key(bucketProperties.prefault({}), 'Settings of the bucket.'),
});

export const volume = z.strictObject({
  type: key(z.literal('volume'), 'A disk that one instance mounts at a time.'),
  properties: key(volumeProperties.prefault({}), 'Settings of the volume.'),
});

export const filesystem = z.strictObject({
  type: key(z.literal('filesystem'), 'Files that any number of instances share. Also written `efs-filesystem`.'),
  properties: key(filesystemProperties.prefault({}), 'Settings of the filesystem.'),
});

export const efsFilesystem = filesystem.extend({
  type: key(z.literal('efs-filesystem'), 'The same as `filesystem`, under the name that Stacktape gives it.'),
});
