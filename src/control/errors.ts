import { HoldfastError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { StorageView } from './platform.ts';

type StorageKind = StorageView['kind'];

const STORAGE_COMMANDS: Readonly<Record<StorageKind, string>> = {
  bucket: 'object-store',
  volume: 'volumes',
  filesystem: 'filesystems',
};

function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const guess = nearest(word, candidates);
  return guess === undefined ? otherwise : `did you mean "${guess}"? ${otherwise}`;
}

export const deploymentInProgress = (app: string, id: string) =>
  new HoldfastError({
    code: 'deployment.in-progress',
    kind: 'conflict',
    message: `a deployment of ${app} is under way (${id})`,
    hint: `wait until it has ended (\`holdfast status --app ${app}\`) and deploy again`,
    resource: `app ${app}`,
    retryable: true,
  });

export const appNotFound = (app: string, apps: Iterable<string>) =>
  new HoldfastError({
    code: 'app.not-found',
    kind: 'not-found',
    message: `there is no app "${app}"`,
    hint: didYouMean(app, apps, '`holdfast status` lists the apps'),
    resource: `app ${app}`,
  });

export const appDestroying = (app: string) =>
  new HoldfastError({
    code: 'app.destroying',
    kind: 'conflict',
    message: `${app} is being destroyed`,
    hint: 'wait until its services have stopped, then deploy it anew',
    resource: `app ${app}`,
    retryable: true,
  });

export const hostTaken = (host: string, app: string, owner: string) =>
  new HoldfastError({
    code: 'app.host-taken',
    kind: 'conflict',
    message: `${app} would answer at ${host}, which is ${owner}'s`,
    hint: 'rename the app or the service',
    resource: `app ${app}`,
  });

export const serviceNotFound = (app: string, service: string, services: Iterable<string>) =>
  new HoldfastError({
    code: 'service.not-found',
    kind: 'not-found',
    message: `${app} has no service "${service}"`,
    hint: didYouMean(service, services, `\`holdfast status --app ${app}\` lists its services`),
    resource: `service ${service}`,
  });

export const instanceNotFound = (app: string, instance: string, instances: Iterable<string>) =>
  new HoldfastError({
    code: 'instance.not-found',
    kind: 'not-found',
    message: `${app} has no instance "${instance}"`,
    hint: didYouMean(instance, instances, `\`holdfast status --app ${app}\` lists its instances`),
    resource: `instance ${instance}`,
  });

export const deploymentNotFound = (id: string) =>
  new HoldfastError({
    code: 'deployment.not-found',
    kind: 'not-found',
    message: `there is no deployment "${id}"`,
    hint: '`holdfast releases` shows what was deployed',
    resource: `deployment ${id}`,
  });

export const releaseNotFound = (app: string, release: number, kept: readonly number[]) =>
  new HoldfastError({
    code: 'release.not-found',
    kind: 'not-found',
    message: `${app} has no release ${release}`,
    hint: kept.length === 0 ? 'deploy it first' : `releases that can be deployed again: ${kept.join(', ')}`,
    resource: `release ${release}`,
  });

export const releasePruned = (app: string, release: number, kept: readonly number[]) =>
  new HoldfastError({
    code: 'release.pruned',
    kind: 'conflict',
    message: `release ${release} of ${app} is no longer kept`,
    hint: `releases that can be deployed again: ${kept.join(', ') || 'none'}; else deploy from its source`,
    resource: `release ${release}`,
  });

export const releaseNotBuilt = (app: string, release: number) =>
  new HoldfastError({
    code: 'release.not-built',
    kind: 'conflict',
    message: `release ${release} of ${app} was never built`,
    hint: 'choose another release, or deploy from its source',
    resource: `release ${release}`,
  });

export const secretMissing = (app: string, service: string, names: readonly string[]) =>
  new HoldfastError({
    code: 'secret.missing',
    kind: 'invalid',
    message: `${service} needs ${names.length === 1 ? 'the secret' : 'the secrets'} ${names.join(', ')}, which ${app} does not have`,
    hint: `\`holdfast secrets set ${names.map((name) => `${name}=…`).join(' ')} --app ${app}\`, then deploy again`,
    resource: `service ${service}`,
  });

/** `key`: where the app file names it. */
export const webhookMissing = (webhook: string, key: string, webhooks: Iterable<string>) =>
  new HoldfastError({
    code: 'webhook.missing',
    kind: 'invalid',
    message: `${key}: there is no webhook "${webhook}"`,
    hint: didYouMean(webhook, webhooks, `\`holdfast object-store webhooks add ${webhook} <url>\` makes it`),
    resource: `webhook ${webhook}`,
  });

export const scaleRange = (service: string, max: number) =>
  new HoldfastError({
    code: 'scale.range',
    kind: 'invalid',
    message: `${service} runs 1 to ${max} instances`,
    hint: 'choose a count in that range, or change scaling.maxTasks in the app file and deploy',
    resource: `service ${service}`,
  });

export const scaleVolumes = (input: { app: string; service: string; volume: string; have: number; want: number }) =>
  new HoldfastError({
    code: 'scale.volumes',
    kind: 'conflict',
    message: `${input.service} mounts the volume "${input.volume}", one an instance: there are ${input.have} for ${input.want} instances`,
    hint: `create ${input.want - input.have} more: \`holdfast volumes create ${input.volume} --app ${input.app} --size …\``,
    resource: `service ${input.service}`,
  });

export const storageNotFound = (kind: StorageKind, name: string, names: Iterable<string>) =>
  new HoldfastError({
    code: `${kind}.not-found`,
    kind: 'not-found',
    message: `there is no ${kind} "${name}"`,
    hint: didYouMean(name, names, `\`holdfast ${STORAGE_COMMANDS[kind]} list\` lists them`),
    resource: `${kind} ${name}`,
  });

export const storageAmbiguous = (kind: StorageKind, name: string, ids: readonly string[]) =>
  new HoldfastError({
    code: `${kind}.ambiguous`,
    kind: 'conflict',
    message: `${ids.length} ${kind}s are named "${name}"`,
    hint: `say which one by its id: ${ids.join(', ')}`,
    resource: `${kind} ${name}`,
  });

export const storageExists = (kind: StorageKind, name: string) =>
  new HoldfastError({
    code: `${kind}.exists`,
    kind: 'conflict',
    message: `there is a ${kind} "${name}" already`,
    hint: 'choose another name',
    resource: `${kind} ${name}`,
  });

export const storageInUse = (kind: StorageKind, name: string, why: string) =>
  new HoldfastError({
    code: 'storage.in-use',
    kind: 'conflict',
    message: `the ${kind} "${name}" is in use: ${why}`,
    hint: 'remove it from the app file and deploy, then destroy it',
    resource: `${kind} ${name}`,
  });

export const bucketOfAppFile = (name: string, app: string | null) =>
  new HoldfastError({
    code: 'bucket.of-app-file',
    kind: 'conflict',
    message: `the settings of the bucket "${name}" are in the app file of ${app}`,
    hint: 'change them there, and deploy it',
    resource: `bucket ${name}`,
  });

export const bucketDestroyed = (name: string) =>
  new HoldfastError({
    code: 'bucket.destroyed',
    kind: 'conflict',
    message: `the bucket "${name}" is destroyed`,
    hint: `recover it first: \`holdfast object-store recover ${name}\``,
    resource: `bucket ${name}`,
  });

export const bucketHasForks = (name: string, forks: readonly string[]) =>
  new HoldfastError({
    code: 'bucket.has-forks',
    kind: 'conflict',
    message: `the bucket "${name}" has forks, which show what it holds: ${forks.join(', ')}`,
    hint: 'destroy the forks first, with --now',
    resource: `bucket ${name}`,
  });

export const storageDestroyed = (kind: StorageKind, name: string) =>
  new HoldfastError({
    code: 'storage.destroyed',
    kind: 'conflict',
    message: `the ${kind} "${name}" was destroyed and can still be recovered`,
    hint: `\`holdfast ${STORAGE_COMMANDS[kind]} recover ${name}\` brings it back with its data; \`destroy ${name} --now\` gives the name free`,
    resource: `${kind} ${name}`,
  });

export const storageNotDestroyed = (kind: StorageKind, name: string) =>
  new HoldfastError({
    code: 'storage.not-destroyed',
    kind: 'conflict',
    message: `the ${kind} "${name}" is not destroyed`,
    hint: 'nothing to recover',
    resource: `${kind} ${name}`,
  });

export const bucketName = (name: string) =>
  new HoldfastError({
    code: 'bucket.name',
    kind: 'invalid',
    message: `"${name}" cannot be the name of a bucket`,
    hint: 'use 3 to 63 lower-case letters, digits, hyphens and dots, a letter or digit first and last',
    resource: `bucket ${name}`,
  });

export const snapshotNotFound = (snapshot: string) =>
  new HoldfastError({
    code: 'snapshot.not-found',
    kind: 'not-found',
    message: `there is no snapshot "${snapshot}"`,
    hint: '`holdfast volumes snapshots list <volume>` lists those of a volume',
    resource: `snapshot ${snapshot}`,
  });

/** Storage that a plan counted on was taken by another app meanwhile: the next plan finds another way. */
export const storageTaken = (id: string) =>
  new HoldfastError({
    code: 'storage.taken',
    kind: 'unavailable',
    message: `${id} was taken by another app or destroyed meanwhile`,
    resource: id,
  });
