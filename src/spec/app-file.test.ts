import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { failure, parse, problems, withService } from '../../tests/support/app-files.ts';

const FIXTURES = new URL('./fixtures/', import.meta.url);

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

it('takes the name of the app from the directory', () => {
  expect(parse('resources: { b: { type: bucket } }').spec.app).toBe('my-photos-1');
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
    const before = process.threadCpuUsage();
    failure(`resources: { b: { type: bucket, properties: { ${keys} } } }`);
    failure(`app: a\n${'x'.repeat(900_000)}: 1`);
    expect(process.threadCpuUsage(before).user / 1000).toBeLessThan(5000); // 1000
  });

  it('cuts long values and long lists', () => {
    expect(failure(`app: ${'X'.repeat(500)}\nresources: {}`).message.length).toBeLessThan(400);
    const many = Array.from({ length: 50 }, (_, i) => `  b${i}: { type: buckt }`).join('\n');
    expect(problems(`resources:\n${many}`)).toHaveLength(21);
  });

  it('names the nearest region', () => {
    expect(problems('resources:\n  d: { type: volume, properties: { region: ewx } }')).toEqual([
      '2:44: resources.d.properties.region: there is no region "ewx"; did you mean "ewr"? `holdfast regions` lists them',
    ]);
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
