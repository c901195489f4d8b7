import { hostLabel } from './host-label.ts';
import type { AppFile, Resource } from './schema/app-file.ts';
import { invalidValue, type Path, type Problem, unknownName } from './schema/validate.ts';
import { variablesOf } from './variables.ts';

export type ServiceResource = Extract<Resource, { type: 'web-service' | 'worker-service' }>;
export type MountEntry = ServiceResource['properties']['volumeMounts'][number];

/** What no key can tell by itself: that names exist, that values of two keys agree. */
export function crossChecks(file: AppFile): Problem[] {
  const names = Object.keys(file.resources);
  return [
    ...(names.length === 0 ? [invalidValue(['resources'], 'expected at least one resource, found none')] : []),
    ...sameLabels(names),
    ...services(file).flatMap(([name, service]) => [
      ...checkScaling(name, service),
      ...checkConnections(name, service, file),
      ...checkMounts(name, service, file),
      ...checkVariables(name, service),
    ]),
    ...sharedVolumes(file),
    ...sharedDomains(file),
    ...checkLogging(file),
  ];
}

export function services(file: AppFile): [string, ServiceResource][] {
  return Object.entries(file.resources).filter((entry): entry is [string, ServiceResource] =>
    ['web-service', 'worker-service'].includes(entry[1].type),
  );
}

function isFilesystem(type: string | undefined): boolean {
  return type === 'filesystem' || type === 'efs-filesystem';
}

function namesOf(file: AppFile, accepts: (type: string) => boolean): string[] {
  return Object.keys(file.resources).filter((name) => accepts(file.resources[name]?.type ?? ''));
}

const at = (service: string, ...rest: Path): Path => ['resources', service, 'properties', ...rest];

function sameLabels(names: readonly string[]): Problem[] {
  const first = new Map<string, string>();
  const problems: Problem[] = [];
  for (const name of names) {
    const other = first.get(hostLabel(name));
    if (other === undefined) first.set(hostLabel(name), name);
    else
      problems.push({
        ...invalidValue(['resources', name], `the names "${other}" and "${name}" give the same host name`),
        at: 'key',
      });
  }
  return problems;
}

function checkScaling(name: string, { properties: { scaling } }: ServiceResource): Problem[] {
  if (scaling.minTasks <= scaling.maxTasks) return [];
  const message = `expected at most maxTasks (${scaling.maxTasks}), found ${scaling.minTasks}`;
  return [invalidValue(at(name, 'scaling', 'minTasks'), message)];
}

function checkConnections(name: string, { properties: { connectTo } }: ServiceResource, file: AppFile): Problem[] {
  const buckets = namesOf(file, (type) => type === 'bucket');
  return connectTo.flatMap((target, i): Problem[] => {
    const path = at(name, 'connectTo', i);
    if (connectTo.indexOf(target) < i) return [invalidValue(path, `"${target}" is listed twice`)];
    const type = file.resources[target]?.type;
    if (type === 'bucket') return [];
    if (type?.endsWith('-service')) {
      return [
        { ...invalidValue(path, `connecting to a service ("${target}") is not available yet`), kind: 'not-available' },
      ];
    }
    if (type === 'volume' || isFilesystem(type)) {
      return [invalidValue(path, `expected a bucket, found the ${type} "${target}"; mount it with volumeMounts`)];
    }
    const message = unknownName('the name of a bucket of this file', target, buckets);
    const guessed = message.endsWith('?');
    return [invalidValue(path, guessed ? message : `${message}; name it under resources: ${target}: { type: bucket }`)];
  });
}

/** What the two kinds of mounts have in common. */
export function mountTarget(mount: MountEntry): {
  readonly kind: 'volume' | 'filesystem';
  readonly name: string;
  readonly key: string;
} {
  switch (mount.type) {
    case 'volume':
      return { kind: 'volume', name: mount.properties.volumeName, key: 'volumeName' };
    case 'filesystem':
      return { kind: 'filesystem', name: mount.properties.filesystemName, key: 'filesystemName' };
    case 'efs':
      return { kind: 'filesystem', name: mount.properties.efsFilesystemName, key: 'efsFilesystemName' };
  }
}

/** Where instances find their system; a mount there would hide it. */
const SYSTEM_PATHS = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
];

function checkMounts(name: string, { properties: { volumeMounts } }: ServiceResource, file: AppFile): Problem[] {
  return volumeMounts.flatMap((mount, i) => {
    const { mountPath } = mount.properties;
    const path = at(name, 'volumeMounts', i, 'properties', 'mountPath');
    const problems = checkMountTarget(mount, at(name, 'volumeMounts', i, 'properties'), file);
    if (mountPath === '/' || SYSTEM_PATHS.some((system) => isInside(mountPath, system))) {
      problems.push(invalidValue(path, `expected a path of the app's own, such as /data, found "${mountPath}"`));
    }
    const other = volumeMounts.find((candidate, j) => j < i && overlap(candidate.properties.mountPath, mountPath));
    if (other) {
      const clash =
        other.properties.mountPath === mountPath
          ? 'is mounted on already'
          : `overlaps the mount on "${other.properties.mountPath}"`;
      problems.push(invalidValue(path, `expected a path for each mount; "${mountPath}" ${clash}`));
    }
    return problems;
  });
}

function checkMountTarget(mount: MountEntry, path: Path, file: AppFile): Problem[] {
  const target = mountTarget(mount);
  const fits = (type: string) => (target.kind === 'volume' ? type === 'volume' : isFilesystem(type));
  const type = file.resources[target.name]?.type;
  if (type !== undefined && fits(type)) return [];
  const keyPath = [...path, target.key];
  if (type !== undefined) {
    return [invalidValue(keyPath, `expected the name of a ${target.kind}, found "${target.name}", which is a ${type}`)];
  }
  return [
    invalidValue(keyPath, unknownName(`the name of a ${target.kind} of this file`, target.name, namesOf(file, fits))),
  ];
}

function isInside(path: string, parent: string): boolean {
  return path === parent || path.startsWith(`${parent}/`);
}

function overlap(a: string, b: string): boolean {
  return isInside(a, b) || isInside(b, a);
}

/** An instance holds its volume alone, so a volume serves one service. */
function sharedVolumes(file: AppFile): Problem[] {
  const holder = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [service, { properties }] of services(file)) {
    for (const [i, mount] of properties.volumeMounts.entries()) {
      const { kind, name } = mountTarget(mount);
      if (kind !== 'volume') continue;
      const other = holder.get(name);
      if (other === undefined) holder.set(name, service);
      else {
        const whose = other === service ? 'already mounted by this service' : `the volume of "${other}"`;
        const message = `"${name}" is ${whose}; a volume is mounted once, files for several services belong in a filesystem`;
        problems.push(invalidValue(at(service, 'volumeMounts', i, 'properties', 'volumeName'), message));
      }
    }
  }
  return problems;
}

function sharedDomains(file: AppFile): Problem[] {
  const owner = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [bucket, resource] of Object.entries(file.resources)) {
    if (resource.type !== 'bucket') continue;
    for (const [i, domain] of (resource.properties.domains ?? []).entries()) {
      const other = owner.get(domain);
      if (other === undefined) owner.set(domain, bucket);
      else problems.push(invalidValue(at(bucket, 'domains', i), `"${domain}" is a domain of "${other}" already`));
    }
  }
  return problems;
}

function checkLogging(file: AppFile): Problem[] {
  const buckets = namesOf(file, (type) => type === 'bucket');
  return buckets.flatMap((name) => {
    const resource = file.resources[name];
    const target = resource?.type === 'bucket' ? resource.properties.logging?.bucket : undefined;
    if (target === undefined || buckets.includes(target)) return [];
    const message = unknownName('the name of a bucket of this file', target, buckets);
    return [invalidValue(at(name, 'logging', 'bucket'), message)];
  });
}

function checkVariables(name: string, service: ServiceResource): Problem[] {
  const { connectTo, environment, secrets } = service.properties;
  const own = variablesOf(environment);
  const reserved = (variable: string): string | undefined => {
    if (variable === 'PORT') return 'is given by the platform; set `port` instead';
    if (variable === 'HOST' || variable.startsWith('HOLDFAST_')) return 'is given by the platform';
    if (connectTo.length > 0 && BUCKET_VARIABLES.has(variable)) return 'is given by connectTo';
    return undefined;
  };
  return [
    ...own.flatMap(({ name: variable, path }, i) => {
      const twice = own.findIndex((other) => other.name === variable) < i;
      const reason = twice ? 'is set twice' : reserved(variable);
      return reason ? [reservedVariable(at(name, 'environment', ...path), variable, reason)] : [];
    }),
    ...secrets.flatMap((variable, i) => {
      const twice = secrets.indexOf(variable) < i;
      const plain = own.some((other) => other.name === variable);
      const reason = twice ? 'is listed twice' : plain ? 'is set in environment already' : reserved(variable);
      return reason ? [reservedVariable(at(name, 'secrets', i), variable, reason)] : [];
    }),
  ];
}

const BUCKET_VARIABLES: ReadonlySet<string> = new Set([
  'BUCKET_NAME',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_REGION',
]);

function reservedVariable(path: Path, variable: string, reason: string): Problem {
  return { ...invalidValue(path, `the variable ${variable} ${reason}`), at: 'key' };
}
