import { z } from 'zod';
import {
  absolutePath,
  decimal,
  duration,
  requestPath,
  resourceName,
  size,
  text,
  variableName,
  wholeNumber,
} from './fields.ts';
import { expected } from './found.ts';
import { key, landed, notYet, notYetType } from './notes.ts';
import { packaging } from './packaging.ts';

const GIB = 2 ** 30;

const resources = z.strictObject({
  cpu: key(decimal(0.05, 64).default(0.25), 'Virtual CPUs of an instance.'),
  memory: key(size({ bare: 'MiB', min: '32MiB', max: '1TiB' }).prefault(512), 'Memory of an instance.'),
  ephemeralStorage: landed(
    size({ bare: 'MiB', min: '1GiB', max: '1TiB' }).optional(),
    'Disk of an instance that is gone with it.',
    { values: [20 * GIB], fallback: '20GiB' },
  ),
});

/** `tcp: true`, and nothing else, asks for a connection. */
const healthCheck = z
  .strictObject({
    path: key(requestPath().optional(), 'GET this path; any status from 200 to 399 is healthy.'),
    command: key(text('a shell command').optional(), 'Run this in the instance; exit code 0 is healthy.'),
    tcp: key(z.literal(true, { error: ({ input }) => expected('true', input) }).optional(), 'Connect to the port.'),
    interval: key(duration('5s', '300s').prefault(30), 'Time between two checks.'),
    timeout: key(duration('2s', '120s').prefault(5), 'How long an answer may take.'),
    gracePeriod: key(
      duration('1s', '30m').prefault('60s'),
      'How long a new instance may take until its first healthy answer.',
    ),
  })
  .superRefine(({ path, command, tcp }, context) => {
    const probes = Object.entries({ path, command, tcp }).filter(([, value]) => value !== undefined);
    if (probes.length < 2) return;
    const names = probes.map(([name]) => name).join(' and ');
    context.addIssue({ code: 'custom', message: `expected one of path, command and tcp, found ${names}` });
  });

const scaling = z.strictObject({
  minTasks: key(wholeNumber(1, 1000).default(1), 'Instances that run at any time.'),
  maxTasks: key(wholeNumber(1, 1000).default(10), 'Instances that never run more than; bounds `holdfast scale`.'),
  cpuThreshold: landed(
    wholeNumber(10, 100).optional(),
    'Mean CPU use in % around which instances are added and removed.',
    {
      values: [80],
      fallback: 80,
    },
  ),
  memoryThreshold: notYet(wholeNumber(10, 100), 'The same for memory; off when absent.'),
  cooldown: landed(duration('1m', '60m').optional(), 'Shortest time between two scaling events.', {
    values: [300_000],
    fallback: 300,
  }),
});

const deploy = z.strictObject({
  strategy: landed(
    z.enum(['rolling', 'canary', 'bluegreen', 'immediate']).default('rolling'),
    'How a new release takes over. `rolling` replaces instance by instance, each healthy before the next.',
    { values: ['rolling'] },
  ),
  drainTimeout: key(
    duration('0s', '10m').prefault(30),
    'How long requests under way may take once their instance is no longer routed to.',
  ),
  holdTimeout: key(
    duration('0s', '5m').prefault('90s'),
    'How long new requests wait while an instance with a volume is replaced; longer than `gracePeriod`, so that a release that never becomes healthy is rolled back before a request is refused.',
  ),
});

const mountPath = () => key(absolutePath('/data'), 'Where it appears in the instance.');
const rootDirectory = () =>
  key(
    absolutePath('/photos').optional(),
    'Directory of the filesystem that becomes the root of the mount; made when absent.',
    {
      fallback: '/',
    },
  );

const volumeMount = z.strictObject({
  type: key(z.literal('volume'), 'Mounts a volume of this file.'),
  properties: z.strictObject({
    volumeName: key(resourceName(), 'Name of the volume.'),
    mountPath: mountPath(),
  }),
});

const filesystemMount = z.strictObject({
  type: key(z.literal('filesystem'), 'Mounts a filesystem of this file.'),
  properties: z.strictObject({
    filesystemName: key(resourceName(), 'Name of the filesystem.'),
    mountPath: mountPath(),
    rootDirectory: rootDirectory(),
  }),
});

const efsMount = z.strictObject({
  type: key(z.literal('efs'), 'The same as `filesystem`, in the form that Stacktape gives it.'),
  properties: z.strictObject({
    efsFilesystemName: key(resourceName(), 'Name of the filesystem.'),
    mountPath: mountPath(),
    rootDirectory: rootDirectory(),
  }),
});

const volumeMounts = z.array(z.discriminatedUnion('type', [volumeMount, filesystemMount, efsMount]));

const variableValue = z.union([z.string(), z.number(), z.boolean()], {
  error: ({ input }) => expected('text, a number or true or false', input),
});
const environment = z.union(
  [z.record(variableName(), variableValue), z.array(z.strictObject({ name: variableName(), value: variableValue }))],
  { error: ({ input }) => expected('a map of names and values', input) },
);

const common = {
  packaging: key(packaging.prefault({ type: 'source' }), 'Where the code comes from.'),
  resources: key(resources.prefault({}), 'CPU, memory and disk of each instance.'),
  connectTo: key(
    z.array(resourceName()).default([]),
    'Buckets of this file that the service may use: gives it a key that reaches them alone, and the variables that name them.',
  ),
  environment: key(environment.default({}), 'Environment variables: a map, or a list of `name` and `value`.'),
  secrets: key(z.array(variableName()).default([]), 'Names of secrets (`holdfast secrets set`) given as variables.'),
  volumeMounts: key(volumeMounts.default([]), 'Volumes and filesystems, and where they appear.'),
  stopTimeout: key(duration('1s', '10m').prefault(10), 'Time between SIGTERM and SIGKILL.'),
};

const running = {
  healthCheck: key(
    healthCheck.prefault({}),
    'When an instance counts as well. Without a probe: a TCP connection, for workers that the process runs.',
  ),
  scaling: key(scaling.prefault({}), 'How many instances run.'),
  deploy: key(deploy.prefault({}), 'How a new release takes over.'),
};

const port = key(wholeNumber(1, 65535).default(8080), 'The port that the service listens on, given to it as `PORT`.');

export const webService = z.strictObject({
  type: key(z.literal('web-service'), 'Answers HTTP requests from outside.'),
  properties: key(z.strictObject({ ...common, port, ...running }).prefault({}), 'Settings of the service.'),
});

export const workerService = z.strictObject({
  type: key(z.literal('worker-service'), 'Runs without being reachable.'),
  properties: key(z.strictObject({ ...common, ...running }).prefault({}), 'Settings of the service.'),
});

export const privateService = z.strictObject({
  type: notYetType('private-service', 'Reachable by the other services of the app alone.'),
  properties: key(
    z
      .strictObject({
        ...common,
        port,
        protocol: key(
          z.enum(['http', 'http2', 'grpc', 'tcp']).default('http'),
          'What it speaks: requests are balanced one by one, TCP by connection.',
        ),
        ...running,
      })
      .prefault({}),
    'Settings of the service.',
  ),
});

export const job = z.strictObject({
  type: notYetType('job', 'Runs to its end, on a schedule or on demand.'),
  properties: key(
    z
      .strictObject({
        ...common,
        schedule: key(text('a cron expression').optional(), 'Cron expression, in UTC; only on demand when absent.'),
      })
      .prefault({}),
    'Settings of the job.',
  ),
});

/** Named so that files of other platforms get a clear answer. */
export const lambdaFunction = z.looseObject({
  type: notYetType('function', 'A function behind an event.', 'write it as a `web-service` that listens on `PORT`'),
});
