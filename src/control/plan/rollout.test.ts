import { describe, expect, test } from 'vitest';
import { fileOf, instance, NOW, planned, rolling, stateless } from '../../../tests/support/plan-case.ts';

/** What the planner does next as instances without storage are replaced. Read top to bottom as a rollout. */

describe('a stateless service: the new instance first', () => {
  const deploying = { deployment: rolling(fileOf(stateless)) };
  const old = instance('photos-web-v1-0-1');

  test('nothing runs yet: it is recorded, then started', () => {
    expect(planned({ desired: deploying })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('the old one serves: the new one is started beside it', () => {
    expect(planned({ desired: deploying, instances: [old] })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });

  test('the new one runs and is not healthy yet: wait', () => {
    const starting = instance('photos-web-v2-0-7', {
      phase: 'starting',
      activeAt: null,
      health: { state: 'unknown', reason: 'connection refused', since: NOW },
    });
    expect(planned({ desired: deploying, instances: [old, starting] })).toEqual([]);
  });

  test('the new one is healthy: it counts', () => {
    const healthy = instance('photos-web-v2-0-7', { phase: 'starting', activeAt: null });
    expect(planned({ desired: deploying, instances: [old, healthy] })).toEqual([
      'service web: activate-instance photos-web-v2-0-7',
    ]);
  });

  test('it counts and the edge does not know: routes first, the old one stays', () => {
    const [line, ...others] = planned({
      desired: deploying,
      instances: [old, instance('photos-web-v2-0-7')],
      observed: { edge: { routes: [], inFlight: new Map() } },
    });
    expect(line).toMatch(/^routes: set-routes .*v1-0-1.*"active".*v2-0-7.*"active"/);
    expect(others).toEqual([]);
  });

  test('the new one serves: the old one is drained', () => {
    expect(planned({ desired: deploying, instances: [old, instance('photos-web-v2-0-7')] })).toEqual([
      'service web: drain-instance photos-web-v1-0-1',
    ]);
  });

  test('requests of the old one are under way: their time begins, and they are waited for', () => {
    const leaving = { ...old, phase: 'draining' as const };
    const given = {
      instances: [leaving, instance('photos-web-v2-0-7')],
      inFlight: { 'photos-web-v1-0-1': 3 },
    };
    expect(planned(given)).toEqual(['service web: time-drain photos-web-v1-0-1']);
    expect(planned({ ...given, instances: [{ ...leaving, drainAt: NOW }, instance('photos-web-v2-0-7')] })).toEqual([]);
  });

  test('they have ended, or had their time: it is stopped and removed', () => {
    const end = ['service web: stop-instance photos-web-v1-0-1 5000', 'service web: remove-instance photos-web-v1-0-1'];
    const leaving = { ...old, phase: 'draining' as const };
    const fresh = instance('photos-web-v2-0-7');
    expect(planned({ instances: [leaving, fresh] })).toEqual(end);
    const hung = { ...leaving, drainAt: NOW - 10_000 };
    expect(planned({ instances: [hung, fresh], inFlight: { [hung.id]: 1 } })).toEqual(end);
  });

  test('the edge does not answer: nobody is stopped, nobody leaves', () => {
    const leaving = { ...old, phase: 'draining' as const, drainAt: NOW - 60_000 };
    const given = { instances: [leaving, instance('photos-web-v2-0-7')], observed: { edge: null } };
    expect(planned(given)).toEqual([]);
  });

  test('the new one crashes as the old one leaves: the old one is recalled', () => {
    const leaving = { ...old, phase: 'draining' as const };
    const crashed = instance('photos-web-v2-0-7', { process: 'exited', exitCode: 1 });
    expect(planned({ desired: deploying, instances: [leaving, crashed] })).toEqual([
      'service web: recall-instance photos-web-v1-0-1',
      `service web: fail-instance photos-web-v2-0-7 exited with code 1 1 ${NOW + 500}`,
    ]);
  });

  test('all that is wanted serves: the deployment has succeeded', () => {
    expect(planned({ desired: deploying, instances: [instance('photos-web-v2-0-7')] })).toEqual([
      'deployment: finish-deployment succeeded release 2 is healthy and serving',
    ]);
  });

  test('four instances: one more than that at a time', () => {
    const four = [0, 1, 2, 3].map((slot) => instance(`photos-web-v1-${slot}-${slot + 1}`));
    const desired = { ...deploying, scales: new Map([['web', 4]]) };
    expect(planned({ desired, instances: four })).toEqual([
      'service web: create-instance photos-web-v2-0-7',
      'service web: start-instance photos-web-v2-0-7',
    ]);
  });
});
