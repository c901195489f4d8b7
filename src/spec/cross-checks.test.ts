import { describe, expect, it } from 'vitest';
import { failure, problems, withService } from '../../tests/support/app-files.ts';

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
    [
      'a connection to a bucket that only the command line has made',
      'connectTo: [my-app-uploads]',
      /found "my-app-uploads".*; name it under resources: my-app-uploads: { type: bucket }$/,
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
});

function mount(kind: 'volume' | 'filesystem', name: string, path: string): string {
  return `volumeMounts:\n${entry(kind, name, path)}`;
}

function entry(kind: 'volume' | 'filesystem', name: string, path: string): string {
  return `  - { type: ${kind}, properties: { ${kind}Name: ${name}, mountPath: ${path} } }`;
}
