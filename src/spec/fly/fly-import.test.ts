import { describe, expect, it } from 'vitest';
import { failure, problems } from '../../../tests/support/app-files.ts';

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
