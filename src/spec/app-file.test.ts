import { readdir, readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../core/errors.ts';
import { parseAppFile } from './app-file.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url);

function parse(text: string, filename = 'holdfast.yaml') {
  return parseAppFile({ text, filename, directoryName: 'My Photos_1' });
}

/** The error of a file that must not pass. */
function failure(text: string, filename?: string): HoldfastError {
  try {
    parse(text, filename);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

/** The lines of the error without the file's name: `line:column: path: message`. */
function problems(text: string, filename = 'holdfast.yaml'): string[] {
  const { message } = failure(text, filename);
  const lines = message.split('\n').map((line) => line.trim());
  return (lines.length > 1 ? lines.slice(1) : lines).map((line) => line.replace(`${filename}:`, ''));
}

/** A file with one service whose properties are `yaml` (indented by six). */
const withService = (yaml: string) => `resources:
  images: { type: bucket }
  data: { type: volume }
  shared: { type: filesystem }
  web:
    type: web-service
    properties:
${yaml.replaceAll(/^/gm, '      ')}
`;

describe('golden files', async () => {
  const files = (await readdir(FIXTURES)).filter((name) => !name.endsWith('.golden'));
  it.each(files)('%s gives the spec beside it', async (name) => {
    const text = await readFile(new URL(name, FIXTURES), 'utf8');
    const parsed = parse(text, name);
    await expect(`${JSON.stringify(parsed, null, 2)}\n`).toMatchFileSnapshot(
      new URL(`${name}.golden`, FIXTURES).pathname,
    );
  });
});

describe('problems of a YAML file', () => {
  it('names the nearest key for a typo, at the key', () => {
    expect(problems(withService('prot: 3000'))).toEqual([
      '8:7: resources.web.properties.prot: unknown key; did you mean "port"?',
    ]);
  });

  it('knows the names that other platforms use', () => {
    expect(problems(withService('scaling: { minInstances: 2 }'))).toEqual([
      '8:18: resources.web.properties.scaling.minInstances: unknown key; did you mean "minTasks"?',
    ]);
  });

  it('lists the keys when none is near', () => {
    expect(problems('resources:\n  b: { type: bucket, properties: { zzzzzz: 1 } }')).toEqual([
      '2:36: resources.b.properties.zzzzzz: unknown key; expected accessibility, versioning, quota, website, domains, cors, lifecycle, events, logging',
    ]);
  });

  it.each([
    ['cors: https://a.example', /cors: expected a list, found "https:\/\/a\.example"$/],
    ['cors: []', /cors: expected 1 to 100 entries, found 0$/],
    ['cors: [{ methods: [GET] }]', /cors\[0\]\.origins: is required: /],
    ['cors: [{ origins: ["*"], allowedMethods: [GET] }]', /allowedMethods: unknown key; did you mean "methods"\?$/],
    ['cors: ["*", 5]', /cors\[1\]: expected an origin, such as .*, or a rule, found 5$/],
    ['cors: [{ origins: ["*"], methods: [PATCH] }]', /methods\[0\]: expected one of GET, .*, found "PATCH"$/],
    ['cors: [{ origins: ["*"], headers: ["a*b*"] }]', /headers\[0\]: expected the name of a header, with one \* at/],
    ['cors: [{ origins: ["*"], exposeHeaders: ["*"] }]', /exposeHeaders\[0\]: expected the name of a header, found/],
    ['cors: [{ origins: ["*"], maxAge: 2d }]', /maxAge: expected a duration from 0s to 24h/],
    ['events: [{ types: [created] }]', /events\[0\]\.webhook: is required: the name of a webhook$/],
    ['events: [{ webhook: "https://a.example" }]', /webhook: expected the name of a webhook, found "https:/],
    ['events: [{ webhook: a, types: [create] }]', /types\[0\]: expected one of created, .*did you mean "created"\?$/],
    ['events: [{ webhook: a, types: [] }]', /types: expected 1 to 100 entries, found 0$/],
    ['events: [{ webhook: a, event: [created] }]', /event: unknown key; expected webhook, types, prefix, suffix$/],
    ['events: [{ webhook: a }, { webhook: b, prefix: x }]', /events\[1\]: some events would be of entry 0 as well/],
    ['events: [{ webhook: a, prefix: x, suffix: .b }, { webhook: b, suffix: a.b }]', /events\[1\]: some events/],
    ['logging: { prefix: a/ }', /logging\.bucket: is required: the name of a bucket of this file$/],
    ['logging: { bucket: c }', /logging\.bucket: expected the name of a bucket of this file, found "c"/],
    [
      'logging: { bucket: b, byDate: requests }',
      /byDate: expected one of request, delivery.*did you mean "request"\?$/,
    ],
    [`logging: { bucket: b, prefix: "${'a'.repeat(769)}" }`, /prefix: expected how keys begin/],
    ['accessLog: { bucket: b }', /accessLog: unknown key; did you mean "logging"\?$/],
    ['lifecycle: { expireAfter: 7 }', /lifecycle: expected a list, found a map$/],
    ['lifecycle: [{ prefix: tmp/ }]', /lifecycle\[0\]: expected at least one of expireAfter, .* found none$/],
    ['lifecycle: [{ expiresAfter: 7 }]', /expiresAfter: unknown key; did you mean "expireAfter"\?$/],
    ['lifecycle: [{ expireAfter: 12h }]', /expireAfter: expected whole days from 1 to 36500, such as 30d .*"12h"$/],
    ['lifecycle: [{ expireAfter: 0 }]', /expireAfter: expected whole days .*, found 0$/],
    ['lifecycle: [{ expireAfter: 1.5 }]', /expireAfter: expected whole days .*, found 1\.5$/],
    ['lifecycle: [{ expireAfter: 7, tags: {} }]', /tags: expected 1 to 10 tags, found 0$/],
    ['lifecycle: [{ expireAfter: 7, tags: { a!: b } }]', /tags\.a!: expected the name of a tag: /],
    ['lifecycle: [{ expireAfter: 7, tags: { a: [] } }]', /tags\.a: expected the value of a tag: .*, found a list$/],
    ['lifecycle: [{ expireAfter: 7, tags: { a: b! } }]', /tags\.a: expected the value of a tag: .*, found "b!"$/],
    ['lifecycle: [{ abortUploadsAfter: 1, largerThan: 1 }]', /abortUploadsAfter: .* neither tags nor a size/],
    ['lifecycle: [{ expireAfter: 1, keepOldVersions: 2 }]', /keepOldVersions: .* there is no expireOldVersionsAfter$/],
    ['lifecycle: [{ expireAfter: 1, largerThan: 2, smallerThan: 2 }]', /smallerThan: expected more than largerThan/],
  ])('says of %s what it expects', (yaml, message) => {
    const found = problems(`resources:\n  b: { type: bucket, properties: { ${yaml} } }`);
    expect(found).toEqual([expect.stringMatching(message)]);
  });

  it('takes entries of events that tell themselves apart', () => {
    const entries = [
      { webhook: 'a', types: ['created'], prefix: 'x/' },
      { webhook: 'b', types: ['created'], prefix: 'y/' },
      { webhook: 'a', types: ['removed'], suffix: '.a' },
      { webhook: 'a', types: ['removed'], suffix: '.b' },
    ];
    const text = JSON.stringify({ resources: { b: { type: 'bucket', properties: { events: entries } } } });
    expect(parse(text).spec.buckets.b?.events).toEqual(entries);
  });

  it('takes origins as browsers send them, and no others', () => {
    const file = (origin: string) =>
      `resources: { b: { type: bucket, properties: { cors: [${JSON.stringify(origin)}] } } }`;
    const right = ['*', 'https://a.example', 'http://localhost:3000', 'https://*.a.example', 'http://localhost:*'];
    for (const origin of [...right, 'https://*', 'http*://a.example', 'capacitor://localhost', 'http://[::1]:80*']) {
      expect(parse(file(origin)).spec.buckets.b?.cors?.[0]?.origins).toEqual([origin]);
    }
    const wrong = [
      'a.example',
      'https://a.example/',
      'https://A.example',
      'https://a.example:443',
      'https://*.*.a',
      '',
      'https://',
    ];
    for (const origin of [...wrong, 'https://a.example/x', 'https://u@a.example', 'app://a/b', 'null', 'https://a b']) {
      expect(failure(file(origin)).message).toContain('cors[0]: expected an origin, such as https://app.example.com');
    }
  });

  it('names the nearest type', () => {
    expect(problems('resources:\n  data:\n    type: volum\n')).toEqual([
      expect.stringMatching(
        /^3:11: resources\.data\.type: expected one of .*, found "volum"; did you mean "volume"\?$/,
      ),
    ]);
  });

  it('reports all of them, in the order of the file', () => {
    const text = withService(
      'port: 70000\nresources: { cpu: lots, memory: 8 }\nhealthCheck: { interval: 4s }\nenvironment: { A-B: 1 }',
    );
    expect(problems(text)).toEqual([
      '8:13: resources.web.properties.port: expected a whole number from 1 to 65535, found 70000',
      '9:25: resources.web.properties.resources.cpu: expected a number from 0.05 to 64, found "lots"',
      '9:39: resources.web.properties.resources.memory: expected a size from 32MiB to 1TiB, such as 512MiB (a bare number is MiB), found 8',
      '10:32: resources.web.properties.healthCheck.interval: expected a duration from 5s to 300s (a bare number is seconds), found "4s"',
      '11:22: resources.web.properties.environment.A-B: expected the name of an environment variable: letters, digits and "_", not starting with a digit, found "A-B"',
    ]);
  });

  it('says what is required', () => {
    expect(problems(withService('volumeMounts:\n  - type: volume\n    properties: { volumeName: data }'))).toEqual([
      '10:11: resources.web.properties.volumeMounts[0].properties.mountPath: is required: an absolute path, such as /data',
    ]);
  });

  it('points at syntax errors', () => {
    expect(failure('resources: [').message).toMatch(/^holdfast\.yaml:1:13: /);
    expect(failure('a: 1\n---\nb: 2').code).toBe('spec.invalid');
    expect(failure('app: a\napp: b').message).toBe('holdfast.yaml:2:1: the key "app" is there twice');
  });

  it.each([
    ['an empty file', ''],
    ['a scalar', '42'],
    ['no resources', 'app: photos\nresources: {}'],
    ['a reserved name', 'resources:\n  __proto__: { type: bucket }'],
    ['a complex key', '? [a, b]\n: 1'],
  ])('refuses %s', (_what, text) => {
    expect(failure(text).code).toBe('spec.invalid');
  });

  it('does not expand aliases without bound', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
    );
    const text = `l0: &l0 [x, x]\n${levels.join('\n')}\nresources: { b: { type: bucket } }`;
    expect(failure(text).message).toContain('alias');
  });

  it('survives deep nesting and long files', () => {
    for (const depth of [300, 1000, 3000, 20_000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      expect(failure(`resources: ${'['.repeat(depth)}`).code).toBe('spec.invalid');
      expect(failure(`resources: { b: { type: bucket, properties: ${deep} } }`).code).toBe('spec.invalid');
      expect(failure(`app = ${deep}`, 'fly.toml').code).toBe('spec.invalid');
    }
    expect(failure(`# ${'x'.repeat(2 ** 20)}\nresources: {}`).message).toContain('at most 1048576 characters');
  });

  it('answers soon, however much is wrong', () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join(', ');
    const start = performance.now();
    failure(`resources: { b: { type: bucket, properties: { ${keys} } } }`);
    failure(`app: a\n${'x'.repeat(900_000)}: 1`);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('cuts long values and long lists', () => {
    expect(failure(`app: ${'X'.repeat(500)}\nresources: {}`).message.length).toBeLessThan(400);
    const many = Array.from({ length: 50 }, (_, i) => `  b${i}: { type: buckt }`).join('\n');
    expect(problems(`resources:\n${many}`)).toHaveLength(21);
  });
});

describe('checks across keys', () => {
  it.each<[string, string, RegExp]>([
    [
      'a mount of nothing',
      mount('volume', 'dat', '/data'),
      /volumeName: expected the name of a volume .*did you mean "data"\?/,
    ],
    ['a mount of the wrong kind', mount('volume', 'shared', '/data'), /found "shared", which is a filesystem/],
    ['a relative mount path', mount('volume', 'data', 'data'), /mountPath: expected an absolute path/],
    ['a climbing mount path', mount('volume', 'data', '/data/../etc'), /mountPath: expected an absolute path/],
    ['a mount on the root', mount('volume', 'data', '/'), /expected a path of the app's own/],
    ['a mount over the system', mount('volume', 'data', '/usr/lib/x'), /expected a path of the app's own/],
    [
      'two mounts on one path',
      `${mount('volume', 'data', '/d')}\n${entry('filesystem', 'shared', '/d/')}`,
      /"\/d" is mounted on already/,
    ],
    [
      'a mount in a mount',
      `${mount('volume', 'data', '/d')}\n${entry('filesystem', 'shared', '/d/e')}`,
      /overlaps the mount on "\/d"/,
    ],
    [
      'a connection to nothing',
      'connectTo: [image]',
      /connectTo\[0\]: expected the name of a bucket .*did you mean "images"\?/,
    ],
    ['a connection to a volume', 'connectTo: [data]', /mount it with volumeMounts/],
    ['a connection twice', 'connectTo: [images, images]', /listed twice/],
    ['more at least than at most', 'scaling: { minTasks: 11 }', /minTasks: expected at most maxTasks \(10\), found 11/],
    ['PORT', 'environment: { PORT: 1 }', /PORT is given by the platform; set `port`/],
    ['our own variables', 'environment: { HOLDFAST_APP: x }', /given by the platform/],
    ["connectTo's variables", 'connectTo: [images]\nsecrets: [AWS_REGION]', /AWS_REGION is given by connectTo/],
    ['a variable twice', 'environment: { A: 1 }\nsecrets: [A]', /set in environment already/],
    ['two probes', 'healthCheck: { path: /, tcp: true }', /expected one of path, command and tcp, found path and tcp/],
    [
      'an entry file outside',
      'packaging: { type: source, entryfilePath: ../x }',
      /relative path inside the app's directory/,
    ],
  ])('refuses %s', (_what, yaml, message) => {
    const found = problems(withService(yaml));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  it('refuses a volume of two services, and names that give one host name', () => {
    const service = `{ type: worker-service, properties: { volumeMounts: [{ type: volume, properties: { volumeName: data, mountPath: /d } }] } }`;
    expect(failure(`resources:\n  data: { type: volume }\n  a: ${service}\n  b: ${service}`).message).toContain(
      'is the volume of "a"',
    );
    const twoBuckets = `resources:
  a: { type: bucket, properties: { domains: [www.example.com] } }
  b: { type: bucket, properties: { domains: [www.example.com] } }`;
    expect(failure(twoBuckets).message).toContain('"www.example.com" is a domain of "a" already');
    for (const domain of ['example', 'WWW.example.com', 'a.localhost', '10.0.0.1', 'a..b', 'a.example:80']) {
      const file = `resources: { a: { type: bucket, properties: { domains: ["${domain}"] } } }`;
      expect(failure(file).message).toContain('expected a domain name');
    }
    expect(failure('resources:\n  Web_1: { type: bucket }\n  web-1: { type: bucket }').message).toContain(
      'same host name',
    );
  });

  it('names the nearest region', () => {
    expect(problems('resources:\n  d: { type: volume, properties: { region: ewx } }')).toEqual([
      '2:44: resources.d.properties.region: there is no region "ewx"; did you mean "ewr"? `holdfast regions` lists them',
    ]);
  });

  it('takes the name of the app from the directory', () => {
    expect(parse('resources: { b: { type: bucket } }').spec.app).toBe('my-photos-1');
  });
});

describe('what has not landed', () => {
  it.each([
    ['private-service', 'resources: { s: { type: private-service, properties: { port: 3000 } } }'],
    ['job', 'resources: { s: { type: job, properties: { schedule: "0 0 * * *" } } }'],
    ['function', 'resources: { s: { type: function, properties: { joinDefaultVpc: true } } }'],
    ['dockerfile', withService('packaging: { type: dockerfile }')],
    ['image', withService('packaging: { type: image, image: redis:alpine }')],
    ['git', withService('packaging: { type: git, repository: "https://git.example/x" }')],
    ['canary', withService('deploy: { strategy: canary }')],
    ['cpuThreshold', withService('scaling: { cpuThreshold: 70 }')],
    ['memoryThreshold', withService('scaling: { memoryThreshold: 70 }')],
    ['a service in connectTo', `${withService('connectTo: [w]')}  w: { type: worker-service }`],
    ['snapshotRetention', 'resources: { d: { type: volume, properties: { snapshotRetention: 9 } } }'],
    [
      'provisioned',
      'resources: { f: { type: efs-filesystem, properties: { throughputMode: provisioned, provisionedThroughputInMibps: 1000 } } }',
    ],
    ['backupEnabled', 'resources: { f: { type: efs-filesystem, properties: { backupEnabled: true } } }'],
  ])('refuses %s as not available yet', (_what, text) => {
    const error = failure(text);
    expect(error).toMatchObject({ code: 'spec.not-available', kind: 'not-implemented' });
    expect(error.message).toMatch(/\d+:\d+: resources\..* not available yet/);
  });

  it('still checks the values, and lets what is wrong win', () => {
    expect(failure(withService('scaling: { memoryThreshold: high }')).code).toBe('spec.invalid');
    expect(failure(withService('deploy: { strategy: canary }\nprot: 1')).code).toBe('spec.invalid');
  });
});

describe('problems of a fly.toml', () => {
  it('points at the key of the original file', () => {
    const text = `app = "photos"
primary_region = "ewx"

[http_service]
  internal_port = 300000

[mounts]
  source = "data"
  destination = "data"
`;
    expect(problems(text, 'fly.toml')).toEqual([
      '2:18: primary_region: there is no region "ewx"; did you mean "ewr"? `holdfast regions` lists them',
      '5:19: http_service.internal_port: expected a whole number from 1 to 65535, found 300000',
      '9:17: mounts.destination: expected an absolute path, such as /data, found "data"',
    ]);
  });

  it.each<[string, string, RegExp]>([
    [
      'a typo',
      '[http_service]\ninternal_prt = 1',
      /^fly\.toml:2:1: http_service\.internal_prt: unknown key; did you mean "internal_port"/,
    ],
    ['a Dockerfile', '[build]\ndockerfile = "Dockerfile"', /build\.dockerfile: not available yet/],
    ['an image', '[build]\nimage = "redis"', /build\.image: not available yet/],
    ['another PORT', '[env]\nPORT = "1"', /^fly\.toml:2:1: env\.PORT: .*given by the platform/],
    ['a process that is not there', '[processes]\nweb = "x"\n[http_service]\nprocesses = ["wb"]', /did you mean "web"/],
    [
      'a volume of two processes',
      '[processes]\na = "x"\nb = "y"\n[mounts]\nsource = "d"\ndestination = "/d"',
      /mounts\.source: .*the volume of "a"/,
    ],
    [
      'a second element',
      '[[mounts]]\nsource = "a"\ndestination = "/a"\n[[mounts]]\nsource = "b"\ndestination = "b"',
      /^fly\.toml:6:15: mounts\[1\]\.destination/,
    ],
    ['a size of machine', '[[vm]]\nsize = "huge"', /vm\[0\]\.size: expected a size such as/],
    ['bad syntax', 'a = [', /^fly\.toml:1:5: /],
  ])('refuses %s', (_what, text, message) => {
    expect(failure(text, 'fly.toml').message).toMatch(message);
  });
});

describe('random text', () => {
  const files = ['holdfast.yaml', 'fly.toml'];
  const word = fc.constantFrom(
    'resources',
    'app',
    'type',
    'properties',
    'bucket',
    'web-service',
    'mounts',
    '[',
    ']',
    '{',
    '}',
    ': ',
    '= ',
    '\n',
    '\n  ',
    '- ',
    '"',
    "'''",
    '&a',
    '*a',
    '<<',
    '!!binary',
    '__proto__',
    '1e999',
    '#',
    ',',
    '\u0000',
    '\ud800',
  );
  it.each(files)('gives a spec or an explained error as %s', (filename) => {
    const input = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(input, (text) => {
        try {
          parse(text, filename);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          expect((error as HoldfastError).code).toMatch(/^spec\./);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives a spec or an explained error for random values of known keys', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string());
    const properties = fc.dictionary(
      fc.constantFrom(
        'packaging',
        'resources',
        'port',
        'healthCheck',
        'scaling',
        'deploy',
        'connectTo',
        'environment',
        'secrets',
        'volumeMounts',
        'stopTimeout',
        'size',
      ),
      value,
    );
    fc.assert(
      fc.property(fc.constantFrom('web-service', 'worker-service', 'volume', 'job'), properties, (type, values) => {
        try {
          parse(JSON.stringify({ resources: { x: { type, properties: values } } }));
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function mount(kind: 'volume' | 'filesystem', name: string, path: string): string {
  return `volumeMounts:\n${entry(kind, name, path)}`;
}

function entry(kind: 'volume' | 'filesystem', name: string, path: string): string {
  return `  - { type: ${kind}, properties: { ${kind}Name: ${name}, mountPath: ${path} } }`;
}
