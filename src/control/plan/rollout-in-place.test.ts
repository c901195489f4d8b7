import { describe, expect, test } from 'vitest';
import {
  fileOf,
  instance,
  NOW,
  planned,
  rolling,
  situation,
  stateful,
  volume,
} from '../../../tests/support/plan-case.ts';
import { routesOf } from './routes.ts';

/** What the planner does next where an instance holds a volume, which the next one needs. Read top to bottom as a rollout. */

describe('a service with a volume: in place', () => {
  const deploying = { deployment: rolling(fileOf(stateful)) };
  const old = instance('photos-web-v1-0-1', { spec: stateful });
  const held = { storage: [volume({ holders: [old.id] })] };

  test('the old one leaves first; its route holds requests', () => {
    const given = { spec: stateful, desired: deploying, instances: [old], observed: held };
    expect(planned(given)).toEqual(['service web: drain-instance photos-web-v1-0-1']);
    const { desired, observed } = situation(given);
    expect(routesOf(desired, observed)[0]?.holdMs).toBe(20_000);
  });

  test('a service that gains a volume: the old one, which has none, leaves first and is not recalled', () => {
    const leaving = { ...instance('photos-web-v1-0-1'), phase: 'draining' as const };
    expect(
      planned({ spec: stateful, desired: deploying, instances: [leaving], observed: { storage: [volume()] } }),
    ).toEqual(['service web: stop-instance photos-web-v1-0-1 5000', 'service web: remove-instance photos-web-v1-0-1']);
  });

  test('it is drained: stopped, then its volume is taken back', () => {
    const leaving = { ...old, phase: 'draining' as const };
    expect(planned({ spec: stateful, desired: deploying, instances: [leaving], observed: held })).toEqual([
      'service web: stop-instance photos-web-v1-0-1 5000',
      'service web: detach-volume vol_1 photos-web-v1-0-1',
      'service web: remove-instance photos-web-v1-0-1',
    ]);
  });

  test('it is gone: the new one is recorded, given the volume and started', () => {
    expect(planned({ spec: stateful, desired: deploying, observed: { storage: [volume()] } })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: bind-volume vol_1 {"service":"web","slot":0} {"service":"web","slot":0}',
      'service web: attach-volume vol_1 photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('its volume is still held by another: nothing is started', () => {
    const other = { storage: [volume({ holders: ['somebody'] })], running: new Set(['somebody']) };
    expect(planned({ spec: stateful, desired: deploying, observed: other })).toEqual([]);
  });

  test('two slots: the second waits until the first serves again', () => {
    const second = instance('photos-web-v1-1-2', { spec: stateful });
    const desired = { ...deploying, scales: new Map([['web', 2]]) };
    const storage = [volume({ holders: [old.id] }), volume({ id: 'vol_2', boundSlot: 1, holders: [second.id] })];
    expect(planned({ spec: stateful, desired, instances: [old, second], observed: { storage } })).toEqual([
      'service web: drain-instance photos-web-v1-0-1',
    ]);
    const leaving = { ...old, phase: 'draining' as const, drainAt: NOW };
    const given = { spec: stateful, desired, instances: [leaving, second], inFlight: { [old.id]: 1 } };
    expect(planned({ ...given, observed: { storage } })).toEqual([]);
  });

  test('no more instances than volumes', () => {
    const desired = { scales: new Map([['web', 3]]) };
    const serving = instance('photos-web-v2-0-7', { spec: stateful });
    const storage = [volume({ holders: [serving.id] })];
    expect(planned({ spec: stateful, desired, instances: [serving], observed: { storage } })).toEqual([]);
  });

  test('an instance ended without giving its volume back: it is taken back', () => {
    const storage = [volume({ holders: ['photos-web-v1-0-1'] })];
    expect(planned({ spec: stateful, observed: { storage } })).toEqual([
      'storage vol_1: detach-volume vol_1 photos-web-v1-0-1',
    ]);
  });
});
