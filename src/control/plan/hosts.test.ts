import { expect, test } from 'vitest';
import type { AppSpec, ServiceSpec } from '../../spec/app-spec.ts';
import { publicHosts } from './hosts.ts';

const file = (app: string, services: Readonly<Record<string, string>>): AppSpec => ({
  app,
  buckets: {},
  volumes: {},
  filesystems: {},
  services: Object.fromEntries(Object.entries(services).map(([name, type]) => [name, { type } as ServiceSpec])),
});

test('the main web service answers at the name of the app as well', () => {
  const spec = file('photos', { admin: 'web-service', web: 'web-service', worker: 'worker-service' });
  expect(publicHosts(spec, 'web')).toEqual(['photos.localhost', 'web-photos.localhost']);
  expect(publicHosts(spec, 'admin')).toEqual(['admin-photos.localhost']);
  expect(publicHosts(spec, 'worker')).toEqual([]);
});

test('without one named web it is the first', () => {
  const spec = file('photos', { worker: 'worker-service', site: 'web-service', api: 'web-service' });
  expect(publicHosts(spec, 'site')).toEqual(['photos.localhost', 'site-photos.localhost']);
});

test('names are lower-case DNS labels of at most 63 characters, different ones for different services', () => {
  const spec = file('MyPhotos', { Web_App: 'web-service' });
  expect(publicHosts(spec, 'Web_App')).toEqual(['myphotos.localhost', 'web-app-myphotos.localhost']);
  const long = 'a'.repeat(60);
  const [one, two] = ['first', 'other'].map((end) => publicHosts(file(long + end, { api: 'web-service' }), 'api')[0]);
  expect(one?.split('.')[0]).toHaveLength(63);
  expect(one).not.toBe(two);
});
