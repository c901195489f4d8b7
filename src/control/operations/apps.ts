import * as errors from '../errors.ts';
import { wantedCount } from '../plan/service-situation.ts';
import { assignVolumes } from '../plan/volumes.ts';
import type { AppView, Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { ReleaseRecord } from '../state/release-store.ts';
import { createAppViews } from './app-view.ts';
import { findApp } from './deployments.ts';
import { followLogs } from './logs.ts';
import type { StorageViews } from './storage-view.ts';

type Apps = Pick<
  Platform,
  'apps' | 'app' | 'destroyApp' | 'scale' | 'logs' | 'secrets' | 'setSecrets' | 'unsetSecrets'
>;

/** How long `destroyApp` waits for the services to end; they go on ending after that. */
const DESTROY_WAIT_MS = 60_000;

export function createApps(context: ControlContext, reconciler: Reconciler, storageViews: StorageViews): Apps {
  const { state, clock, vault } = context;
  const views = createAppViews(context, reconciler, storageViews);

  async function view(name: string): Promise<AppView> {
    return views.view(await findApp(state, name));
  }

  return {
    apps: async () => {
      const all: AppView[] = [];
      for (const app of await state.apps.list()) all.push(await views.view(app));
      return all;
    },

    app: view,

    destroyApp: async (name) => {
      await findApp(state, name);
      await state.apps.markDestroying(name);
      reconciler.wake(name);
      const patience = new AbortController();
      const { signal } = patience;
      await Promise.race([reconciler.gone(name), clock.sleep(DESTROY_WAIT_MS, { signal }).catch(() => {})]);
      patience.abort();
    },

    scale: async ({ app, service, count }) => {
      const release = await servingRelease(context, app);
      const spec = release?.spec.services[service];
      if (!release || !spec) {
        throw errors.serviceNotFound(app, service, Object.keys(release?.spec.services ?? {}));
      }
      const { maxTasks } = spec.scaling;
      if (!Number.isInteger(count) || count < 1 || count > maxTasks) throw errors.scaleRange(service, maxTasks);
      await refuseWithoutVolumes(context, release, { service, count });
      await state.apps.setScale(app, service, count);
      reconciler.wake(app);
      return view(app);
    },

    logs: (input) => followLogs(context, input),

    secrets: (app) => vault.list(app),

    setSecrets: ({ app, values }) => vault.set(app, values, clock.now()),

    unsetSecrets: async ({ app, names }) => {
      const known = new Set((await vault.list(app)).map(({ name }) => name));
      const gone = names.filter((name) => known.has(name)).map((name) => [name, null] as const);
      await vault.set(app, Object.fromEntries(gone), clock.now());
    },
  };
}

async function servingRelease({ state }: ControlContext, app: string): Promise<ReleaseRecord | undefined> {
  const { currentRelease } = await findApp(state, app);
  const version = (await state.deployments.open(app))?.release ?? currentRelease;
  return version === null ? undefined : state.releases.get(app, version);
}

/** One volume an instance: more instances than volumes cannot be. */
async function refuseWithoutVolumes(
  { state }: ControlContext,
  { app, spec }: ReleaseRecord,
  { service, count }: { readonly service: string; readonly count: number },
): Promise<void> {
  const scales = await state.apps.scales(app);
  const counts = new Map(
    Object.entries(spec.services).map(([name, one]) => [name, wantedCount(one, scales.get(name))]),
  );
  counts.set(service, count);
  const storage = (await state.storage.within(app)).map((record) => ({ ...record, holders: [] }));
  const own = assignVolumes(spec, counts, storage).filter((assignment) => assignment.service === service);
  const short = own.find(({ volume }) => volume === null);
  if (!short) return;
  const volume = short.volumeName;
  const have = own.filter((assignment) => assignment.volumeName === volume && assignment.volume !== null).length;
  throw errors.scaleVolumes({ app, service, volume, have, want: count });
}
