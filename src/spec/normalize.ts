import type {
  AppSpec,
  BucketSpec,
  CorsRuleSpec,
  FilesystemSpec,
  HealthCheckSpec,
  LifecycleRuleSpec,
  ServiceSpec,
  SourcePackaging,
  VolumeSpec,
} from './app-spec.ts';
import { mountTarget, type ServiceResource, services } from './cross-checks.ts';
import type { AppFile, Resource } from './schema/app-file.ts';
import { variablesOf } from './variables.ts';

/** Days that daily snapshots are kept when the file does not say it. */
const SNAPSHOT_RETENTION = 5;

/** A checked app file as the rest of the platform reads it. */
export function normalize(file: AppFile, app: string): AppSpec {
  return {
    app,
    buckets: collect(file, (resource, name) =>
      resource.type === 'bucket' ? toBucket(name, resource.properties) : undefined,
    ),
    volumes: collect(file, (resource) => (resource.type === 'volume' ? toVolume(resource.properties) : undefined)),
    filesystems: collect(file, toFilesystem),
    services: Object.fromEntries(services(file).map(([name, service]) => [name, toService(service)])),
  };
}

function collect<T>(file: AppFile, convert: (resource: Resource, name: string) => T | undefined): Record<string, T> {
  return Object.fromEntries(
    Object.entries(file.resources).flatMap(([name, resource]) => {
      const converted = convert(resource, name);
      return converted === undefined ? [] : [[name, converted] as const];
    }),
  );
}

type PropertiesOf<T extends Resource['type']> = Extract<Resource, { type: T; properties: unknown }>['properties'];
type BucketProperties = PropertiesOf<'bucket'>;

function toBucket(name: string, { cors, lifecycle, logging, ...plain }: BucketProperties): BucketSpec {
  return {
    ...plain,
    cors: cors?.map(toCorsRule),
    lifecycle: lifecycle?.map(toLifecycleRule),
    logging: logging && { prefix: `${name}/`, ...logging },
  };
}

function toCorsRule({ maxAge, ...rule }: NonNullable<BucketProperties['cors']>[number]): CorsRuleSpec {
  return { ...rule, maxAgeSeconds: Math.round(maxAge / 1000) };
}

function toLifecycleRule({
  expireAfter: expireDays,
  expireOldVersionsAfter: expireOldVersionsDays,
  abortUploadsAfter: abortUploadsDays,
  ...rule
}: NonNullable<BucketProperties['lifecycle']>[number]): LifecycleRuleSpec {
  return { ...rule, expireDays, expireOldVersionsDays, abortUploadsDays };
}

function toVolume({ size, region, snapshotRetention }: PropertiesOf<'volume'>): VolumeSpec {
  return { sizeBytes: size, region, snapshotRetention: snapshotRetention ?? SNAPSHOT_RETENTION };
}

function toFilesystem(resource: Resource): FilesystemSpec | undefined {
  if (resource.type !== 'filesystem' && resource.type !== 'efs-filesystem') return undefined;
  const { throughputMode, backupEnabled } = resource.properties;
  return { throughputMode, backupEnabled };
}

function toService({ type, properties }: ServiceResource): ServiceSpec {
  const mounts = properties.volumeMounts.map((mount) => ({ ...mountTarget(mount), ...mount.properties }));
  return {
    type,
    packaging: toPackaging(properties.packaging),
    resources: { cpu: properties.resources.cpu, memoryBytes: properties.resources.memory },
    port: 'port' in properties ? properties.port : DEFAULT_PORT,
    healthCheck: toHealthCheck(type, properties.healthCheck),
    scaling: { minTasks: properties.scaling.minTasks, maxTasks: properties.scaling.maxTasks },
    deploy: { strategy: 'rolling', drainMs: properties.deploy.drainTimeout, holdMs: properties.deploy.holdTimeout },
    connectTo: properties.connectTo,
    environment: Object.fromEntries(variablesOf(properties.environment).map(({ name, value }) => [name, value])),
    secrets: properties.secrets,
    volumeMounts: mounts
      .filter(({ kind }) => kind === 'volume')
      .map(({ name, mountPath }) => ({ volumeName: name, mountPath })),
    filesystemMounts: mounts
      .filter(({ kind }) => kind === 'filesystem')
      .map(({ name, mountPath, ...mount }) => ({
        filesystemName: name,
        mountPath,
        ...('rootDirectory' in mount && mount.rootDirectory && { rootDirectory: mount.rootDirectory }),
      })),
    stopTimeoutMs: properties.stopTimeout,
  };
}

/** Stands in the spec of workers, which listen nowhere. */
const DEFAULT_PORT = 8080;

function toPackaging(packaging: ServiceResource['properties']['packaging']): SourcePackaging {
  if (packaging.type === 'source') return packaging;
  if (packaging.type === 'stacktape-image-buildpack') return { type: 'source', ...packaging.properties };
  throw new Error(`the packaging ${packaging.type} passed the checks although it has not landed`);
}

function toHealthCheck(
  type: ServiceResource['type'],
  { path, command, tcp, interval, timeout, gracePeriod }: ServiceResource['properties']['healthCheck'],
): HealthCheckSpec {
  const timing = { intervalMs: interval, timeoutMs: timeout, graceMs: gracePeriod };
  if (path !== undefined) return { probe: { kind: 'http', path }, ...timing };
  if (command !== undefined) return { probe: { kind: 'command', command }, ...timing };
  return { probe: { kind: type === 'worker-service' && !tcp ? 'running' : 'tcp' }, ...timing };
}
