import { describe, expect, test } from 'vitest';
import { fileOf, NOW, planned, rolling, stateful, stateless, volume } from '../../../tests/support/plan-case.ts';
import type { AppSpec, BucketSpec } from '../../spec/app-spec.ts';
import type { ObservedStorage } from './situation.ts';

/** What the planner does before instances are replaced: build, then storage. */

describe('stages of a deployment', () => {
  const building = (status: 'pending' | 'built' | 'failed', error: string | null = null) => {
    const build = { app: 'photos', release: 2, name: 'web', services: ['web'], status, command: null, error };
    return { run: null, deployment: rolling(fileOf(stateless), { status: 'building', builds: [build] }) };
  };

  test('building, then provisioning', () => {
    expect(planned({ desired: building('pending') })).toEqual(['build: build web']);
    expect(planned({ desired: building('built') })).toEqual(['deployment: advance-deployment provisioning built']);
    expect(planned({ desired: building('failed', 'npm is not installed') })).toEqual([
      'deployment: finish-deployment failed the build of web failed: npm is not installed',
    ]);
  });

  const provisioning = (spec: AppSpec) => ({ run: null, deployment: rolling(spec, { status: 'provisioning' }) });

  test('storage that the file names is made', () => {
    const spec: AppSpec = {
      ...fileOf(stateful),
      buckets: { images: { accessibility: 'private', versioning: true } },
      filesystems: { shared: { throughputMode: 'elastic', backupEnabled: true } },
    };
    expect(planned({ desired: provisioning(spec) })).toEqual([
      'volume data: create-volume data 25000000000 ewr',
      'filesystem shared: create-filesystem shared',
      'bucket images: ensure-bucket images {"accessibility":"private","versioning":true}',
    ]);
  });

  test('a bucket is told its settings when the file changes them, and only then', () => {
    const cors = [{ origins: ['*'], methods: ['GET'], headers: [], exposeHeaders: [], maxAgeSeconds: 0 }];
    const settings = { accessibility: 'private', versioning: true } as const;
    const bucket = (told: BucketSpec) =>
      volume({ id: 'bkt_1', kind: 'bucket', name: 'images', settings: JSON.parse(JSON.stringify(told)) });
    const toldBefore = (before: BucketSpec, now: BucketSpec) => {
      const spec = { ...fileOf(stateless), buckets: { images: now } };
      return planned({ desired: provisioning(spec), observed: { storage: [bucket(before)] } });
    };
    const ready = ['deployment: advance-deployment rolling storage is ready'];
    const events = [{ webhook: 'hook', types: ['created'] }] as const;
    for (const change of [{ cors }, { lifecycle: [{ expireDays: 7 }] }, { events }]) {
      const changed = { ...settings, ...change };
      expect(toldBefore(settings, changed)).toEqual([
        `bucket images: ensure-bucket bkt_1 images ${JSON.stringify(changed)}`,
      ]);
      expect(toldBefore(changed, changed)).toEqual(ready);
      expect(toldBefore(changed, settings)).toEqual([
        `bucket images: ensure-bucket bkt_1 images ${JSON.stringify(settings)}`,
      ]);
    }
  });

  test('an access log is set when the bucket that it goes to is there, also of two that log into each other', () => {
    const to = (bucket: string) =>
      ({ accessibility: 'private', versioning: false, logging: { bucket, prefix: '' } }) as const;
    const spec = { ...fileOf(stateless), buckets: { site: to('logs'), logs: to('site') } };
    const bare = { accessibility: 'private', versioning: false };
    const record = (name: string, more: Partial<ObservedStorage>) =>
      volume({ id: `bkt_${name}`, kind: 'bucket', name, realName: `shop-${name}`, ...more });
    const told = (...storage: ObservedStorage[]) => planned({ desired: provisioning(spec), observed: { storage } });
    const step = (name: string, settings: object, id = '') =>
      `bucket ${name}: ensure-bucket ${id}${name} ${JSON.stringify(settings)}`;

    expect(told()).toEqual([step('site', bare), step('logs', bare)]);
    const [site, logs] = [
      record('site', { settings: { ...to('shop-old') } }),
      record('logs', { ready: false, settings: { ...to('shop-old') } }),
    ];
    const settled = { ...to('shop-site') };
    expect(told(site, logs)).toEqual([step('logs', settled, 'bkt_logs ')]); // the site keeps the log that it has
    const all = [site, { ...logs, ready: true, settings: settled }];
    expect(told(...all)).toEqual([step('site', to('shop-logs'), 'bkt_site ')]);
  });

  test('a volume made for no app is claimed, a smaller one extended', () => {
    const desired = provisioning(fileOf(stateful));
    const free = volume({ app: null, origin: 'command', boundService: null, boundSlot: null, sizeBytes: 10e9 });
    expect(planned({ spec: stateful, desired, observed: { storage: [free] } })).toEqual([
      'volume data: claim-storage vol_1 data',
      'volume data: extend-volume vol_1 25000000000',
    ]);
  });

  test('a volume in another region is no match', () => {
    const desired = provisioning(fileOf(stateful));
    const far = volume({ region: 'fra', boundService: null, boundSlot: null });
    expect(planned({ spec: stateful, desired, observed: { storage: [far] } })).toEqual([
      'volume data: create-volume data 25000000000 ewr',
    ]);
  });

  test('a renamed service finds the data of the one before', () => {
    const desired = provisioning(fileOf(stateful));
    const bound = volume({ boundService: 'server', holders: ['photos-server-v1-0-1'] });
    const running = new Set(['photos-server-v1-0-1']);
    expect(planned({ spec: stateful, desired, observed: { storage: [bound], running } })).toEqual([
      'deployment: advance-deployment rolling storage is ready',
    ]);
  });

  test('storage that cannot be had ends the deployment, nothing has changed', () => {
    const trouble = { message: 'the disk is full', retryable: false, since: NOW };
    const observed = { troubles: new Map([['volume data', trouble]]) };
    expect(planned({ spec: stateful, desired: provisioning(fileOf(stateful)), observed })).toEqual([
      'deployment: finish-deployment failed volume data: the disk is full',
    ]);
  });
});
