import { z } from '@hono/zod-openapi';
import { APP_NAME, APP_NAME_RULE, resourceName } from '../../spec/schema/fields.ts';
import type { MasterKeyRestoredView, MasterKeyRotationView, MasterKeyView } from '../master-key-view.ts';
import type {
  AppView,
  BucketCredentials,
  DeploymentView,
  InstanceView,
  KeyView,
  LogLine,
  NewKeyView,
  RegionView,
  ReleaseView,
  ServiceView,
  StorageView,
} from '../platform.ts';
import type { ScrubPassView, ScrubView } from '../scrub-view.ts';

/** The views of `Platform` as schemas: for the OpenAPI document and the types of the client. Times are epoch milliseconds. */

const time = z.int().openapi({ description: 'milliseconds since the epoch' });

export const appName = z.string().regex(APP_NAME, APP_NAME_RULE);
export const storageName = resourceName();

const deploymentStatus = z.enum(['building', 'provisioning', 'rolling', 'succeeded', 'rolled-back', 'failed']);

export const deployment: z.ZodType<DeploymentView> = z
  .object({
    id: z.string(),
    app: z.string(),
    release: z.int(),
    status: deploymentStatus,
    reason: z.string().openapi({ description: 'why it is where it is, for a person' }),
    createdAt: time,
    finishedAt: time.nullable(),
    transitions: z.array(z.object({ at: time, status: deploymentStatus, reason: z.string() })),
  })
  .openapi('Deployment');

export const release: z.ZodType<ReleaseView> = z
  .object({
    version: z.int(),
    app: z.string(),
    createdAt: time,
    status: z.enum([...deploymentStatus.options, 'superseded']),
    reason: z.string(),
    current: z.boolean(),
  })
  .openapi('Release');

export const storage: z.ZodType<StorageView> = z
  .object({
    id: z.string(),
    app: z.string().nullable(),
    name: z.string(),
    kind: z.enum(['bucket', 'volume', 'filesystem']),
    state: z.enum(['active', 'detached', 'destroyed']),
    purgeAt: time.nullable(),
    region: z.string().nullable(),
    sizeBytes: z.int().nullable(),
    usedBytes: z.int().nullable(),
    attachedTo: z.string().nullable(),
    url: z.string().nullable(),
    createdAt: time,
  })
  .openapi('Storage');

const instance: z.ZodType<InstanceView> = z
  .object({
    id: z.string(),
    service: z.string(),
    release: z.int(),
    state: z.enum(['starting', 'healthy', 'unhealthy', 'draining', 'stopping', 'exited']),
    reason: z.string(),
    startedAt: time,
    restarts: z.int(),
    volumes: z.array(z.string()),
  })
  .openapi('Instance');

const service: z.ZodType<ServiceView> = z
  .object({
    name: z.string(),
    type: z.string(),
    url: z.string().nullable(),
    desired: z.int(),
    notice: z.string(),
    instances: z.array(instance),
  })
  .openapi('Service');

export const app: z.ZodType<AppView> = z
  .object({
    name: z.string(),
    release: z.int().nullable(),
    deployment: deployment.nullable(),
    services: z.array(service),
    storage: z.array(storage),
    notices: z.array(z.string()),
  })
  .openapi('App');

export const region: z.ZodType<RegionView> = z
  .object({ code: z.string(), name: z.string(), hosts: z.array(z.string()) })
  .openapi('Region');

export const bucketCredentials: z.ZodType<BucketCredentials> = z
  .object({
    bucket: z.string(),
    from: z.string().optional(),
    endpoint: z.string(),
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  })
  .openapi('BucketCredentials');

const keyFields = {
  id: z.string().openapi({ description: 'the access key id' }),
  owner: z.string(),
  grants: z.union([
    z.literal('*'),
    z.array(
      z.object({ bucket: z.string(), prefix: z.string().nullable(), access: z.enum(['read', 'write', 'read-write']) }),
    ),
  ]),
  description: z.string().nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
  replacedBy: z.string().nullable().openapi({ description: 'goes on until it expires; its owner has this one' }),
  usedBy: z.array(z.string()).openapi({ description: 'instances of its service that run with it' }),
};

export const key: z.ZodType<KeyView> = z.object(keyFields).openapi('AccessKey');

export const newKey: z.ZodType<NewKeyView> = z
  .object({ ...keyFields, endpoint: z.string(), region: z.string(), secretAccessKey: z.string() })
  .openapi('NewAccessKey');

const scrubPass: z.ZodType<ScrubPassView> = z
  .object({
    startedAt: time,
    finishedAt: time.nullable(),
    objects: z.int(),
    bytes: z.int(),
    damagedCount: z.int(),
    damaged: z.array(z.object({ bucket: z.string(), key: z.string(), versionId: z.string(), message: z.string() })),
  })
  .openapi('ScrubPass');

export const scrub: z.ZodType<ScrubView> = z
  .object({
    current: scrubPass.nullable(),
    last: scrubPass.nullable(),
    setAside: z.array(z.string()).openapi({
      description: 'files that were damaged, and whose content is missing; below `objects/` of the data directory',
    }),
    lostKeys: z.array(z.string()).openapi({ description: 'buckets whose key is lost, and with it what they hold' }),
    indexRebuild: z
      .object({ at: time, tookMs: z.int(), damage: z.string().nullable() })
      .nullable()
      .openapi({ description: 'the last time that the index was built anew, and what was damaged in the one before' }),
  })
  .openapi('Scrub');

const masterKeyFields = {
  id: z.string().openapi({ description: 'tells it from other keys, and nothing of it' }),
  file: z.string().openapi({ description: 'where it is on the machine of the platform' }),
  rotating: z.boolean().openapi({ description: 'it has not taken the place of the one before everywhere' }),
};

export const masterKey: z.ZodType<MasterKeyView> = z.object(masterKeyFields).openapi('MasterKey');

export const masterKeyRestored: z.ZodType<MasterKeyRestoredView> = z
  .object({ ...masterKeyFields, restored: z.boolean().openapi({ description: '`false`: the file was whole' }) })
  .openapi('MasterKeyRestored');

export const masterKeyRotation: z.ZodType<MasterKeyRotationView> = z
  .object({
    ...masterKeyFields,
    resealed: z
      .object({ buckets: z.int(), accessKeys: z.int(), webhooks: z.int(), secrets: z.int() })
      .openapi({ description: 'how many keys of buckets and secrets it seals' }),
    earlierGone: z
      .boolean()
      .openapi({ description: 'false: the file is not the platform’s to change, and still has it' }),
  })
  .openapi('MasterKeyRotation');

export const logLine: z.ZodType<LogLine> = z
  .object({ instance: z.string(), service: z.string(), line: z.string() })
  .openapi('LogLine');

export const secret = z.object({ name: z.string(), version: z.int(), updatedAt: time }).openapi('Secret');

export const snapshot = z.object({ id: z.string(), createdAt: time }).openapi('Snapshot');

export const upload = z.object({ id: z.string(), size: z.int(), sha256: z.string() }).openapi('Upload');

/** The app file as text: only the server knows its language. */
export const appFile = z
  .object({
    text: z.string().max(256 * 1024),
    filename: z.string().max(255).openapi({ description: 'its name says its form', example: 'holdfast.yaml' }),
    directoryName: z.string().max(255).openapi({ description: 'the app is named so when the file does not say' }),
  })
  .openapi('AppFile');

export const problem = z
  .object({
    status: z.int(),
    code: z.string().openapi({ description: 'stable, for programs', example: 'volume.attached' }),
    kind: z.string(),
    message: z.string(),
    hint: z.string().optional().openapi({ description: 'what to do about it' }),
    resource: z.string().optional(),
    retryable: z.boolean(),
  })
  .openapi('Problem');
