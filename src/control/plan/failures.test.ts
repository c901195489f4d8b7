import { describe, expect, test } from 'vitest';
import { fileOf, instance, NOW, planned, rolling, stateless } from '../../../tests/support/plan-case.ts';

/** What the planner does about instances that do not come up, or do not stay. */

describe('failures', () => {
  const deploying = { deployment: rolling(fileOf(stateless)) };
  const old = instance('photos-web-v1-0-1');
  const failures = { service: 'web', slot: 0, release: 2, failures: 3, retryAt: NOW, reason: 'exited with code 1' };

  test('a new instance exits: it is counted and tried again after a back-off', () => {
    const crashed = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      process: 'exited',
      exitCode: 1,
    });
    expect(planned({ desired: deploying, instances: [old, crashed] })).toEqual([
      `service web: fail-instance photos-web-v2-0-7 exited with code 1 1 ${NOW + 500}`,
    ]);
  });

  test('it is not healthy in its time: once is enough', () => {
    const unwell = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      createdAt: NOW - 31_000,
      health: { state: 'unknown', reason: 'GET /healthz answered 500', since: NOW - 31_000 },
    });
    expect(planned({ desired: deploying, instances: [old, unwell] })).toEqual([
      `service web: fail-instance photos-web-v2-0-7 was not healthy within 30s: GET /healthz answered 500 3 ${NOW + 2000}`,
    ]);
  });

  test('three starts have failed: the deployment turns back, and says why', () => {
    expect(planned({ desired: deploying, instances: [old], observed: { slots: [failures] } })[0]).toBe(
      'deployment: turn-back web exited with code 1',
    );
  });

  test('turned back: the old release serves as ever, so it is rolled back', () => {
    const deployment = rolling(fileOf(stateless), { turnedBack: 'web exited with code 1' });
    const run = { version: 1, spec: fileOf(stateless) };
    expect(planned({ desired: { run, deployment }, instances: [old] })).toEqual([
      'deployment: finish-deployment rolled-back web exited with code 1',
    ]);
  });

  test('turned back with nothing before it: all is stopped, then it has failed', () => {
    const deployment = rolling(fileOf(stateless), { turnedBack: 'web exited with code 1', previousRelease: null });
    const desired = { run: null, deployment };
    const left = instance('photos-web-v2-0-7', { phase: 'starting' });
    expect(planned({ desired, instances: [left] })).toEqual([
      'service web: stop-instance photos-web-v2-0-7 5000',
      'service web: remove-instance photos-web-v2-0-7',
    ]);
    expect(planned({ desired })).toEqual(['deployment: finish-deployment failed web exited with code 1']);
  });

  test('an instance that served exits: it makes room for a new one', () => {
    const crashed = instance('photos-web-v2-0-6', { process: 'exited', exitCode: null });
    expect(planned({ instances: [crashed] })).toEqual([
      `service web: fail-instance photos-web-v2-0-6 was ended by a signal 1 ${NOW + 500}`,
    ]);
    expect(planned({ instances: [{ ...crashed, phase: 'failed' }] })).toEqual([
      'service web: stop-instance photos-web-v2-0-6 5000',
      'service web: remove-instance photos-web-v2-0-6',
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('its slot backs off: wait', () => {
    const slots = [{ ...failures, failures: 5, retryAt: NOW + 1 }];
    expect(planned({ observed: { slots } })).toEqual([]);
  });
});
