import { expect, test } from 'vitest';
import type { PlannedAction } from '../../src/control/plan/actions.ts';
import { type Planner, plan } from '../../src/control/plan/plan.ts';
import type { Planners } from './control-plane.ts';
import { runHistory } from './history.ts';

/** The simulation is only worth something if it finds what is wrong: each of these planners has one bug. */

/** Histories within which a bug has to be found. */
const LIMIT = 300;

interface PlantedBug {
  readonly planners: Planners;
  /** What the simulation has to say about it. */
  readonly finding: RegExp;
}

const changing = (change: (planned: readonly PlannedAction[]) => readonly PlannedAction[]): Planner => {
  return (desired, observed, now) => change(plan(desired, observed, now));
};

const bugs: Readonly<Record<string, PlantedBug>> = {
  'takes the volume before the instance is stopped': {
    planners: { app: changing((planned) => before(planned, 'detach-volume', 'stop-instance')) },
    finding: /is taken from .*, which runs/,
  },
  'gives the volume of a running instance to the new one': {
    planners: {
      app: (desired, observed, now) =>
        plan(desired, { ...observed, storage: observed.storage.map((item) => ({ ...item, holders: [] })) }, now),
    },
    finding: /is given to .* while .* holds it/,
  },
  'routes before healthy': {
    planners: {
      app: (desired, observed, now) =>
        plan(
          desired,
          {
            ...observed,
            instances: observed.instances.map((instance) => ({
              ...instance,
              health: instance.process === 'running' ? { state: 'healthy', reason: '', since: 0 } : instance.health,
            })),
          },
          now,
        ),
    },
    finding: /is routed to and was never healthy/,
  },
  'sends all requests to the new release before it serves': {
    planners: {
      app: (desired, observed, now) =>
        plan(desired, observed, now).map(({ lane, action }) => {
          if (action.kind !== 'set-routes' || !desired.run) return { lane, action };
          const isNew = new RegExp(`-v${desired.run.version}-\\d+-\\d+$`);
          const routes = action.routes.map((route) => ({
            ...route,
            backends: route.backends.filter(({ instance }) => isNew.test(instance)),
          }));
          return { lane, action: { ...action, routes } };
        }),
    },
    finding: /loses .* and is left with \d of \d/,
  },
  'does not wait for the last requests': {
    planners: {
      app: (desired, observed, now) =>
        plan(desired, { ...observed, edge: observed.edge && { ...observed.edge, inFlight: new Map() } }, now),
    },
    finding: /is stopped after \d+ ms with requests under way/,
  },
  'purges without grace': {
    planners: {
      purge: (storage) =>
        storage.filter(({ state }) => state === 'destroyed').map(({ id }) => ({ kind: 'purge-storage', id })),
    },
    finding: /is deleted before its grace is over/,
  },
  'purges what is only detached': {
    planners: {
      purge: (storage) =>
        storage
          .filter(({ state, holders }) => state !== 'active' && holders.length === 0)
          .map(({ id }) => ({ kind: 'purge-storage', id })),
    },
    finding: /is deleted, which nobody asked for/,
  },
  'never gives up': {
    planners: { app: changing((planned) => planned.filter(({ action }) => action.kind !== 'turn-back')) },
    finding: /at the end: .* is still rolling/,
  },
};

/** Moves actions of the first kind before those of the second. */
function before(
  planned: readonly PlannedAction[],
  first: PlannedAction['action']['kind'],
  second: PlannedAction['action']['kind'],
): readonly PlannedAction[] {
  const rank = ({ action }: PlannedAction) => (action.kind === first ? 0 : action.kind === second ? 1 : undefined);
  const moved = planned.filter((step) => rank(step) !== undefined).toSorted((a, b) => (rank(a) ?? 0) - (rank(b) ?? 0));
  return planned.map((step) => (rank(step) === undefined ? step : (moved.shift() ?? step)));
}

test.each(Object.entries(bugs))('finds a planner that %s', async (_name, { planners, finding }) => {
  for (let seed = 1; seed <= LIMIT; seed++) {
    const { violations } = await runHistory(seed, { planners });
    if (violations.some((violation) => finding.test(violation))) return;
  }
  expect.unreachable(`no history of ${LIMIT} found it`);
});
