import { formatDuration } from '../../core/units.ts';
import { isCrashLoop } from '../plan/deployment.ts';
import { publicHosts } from '../plan/hosts.ts';
import { serviceLane } from '../plan/plan.ts';
import { isConverged, type ServiceSituation, serviceSituations } from '../plan/service-situation.ts';
import type { Observed, ObservedInstance } from '../plan/situation.ts';
import type { AppView, InstanceView, ServiceView, StorageView } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { Situation } from '../reconcile/observe.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { AppRecord } from '../state/app-store.ts';
import type { StorageViews } from './storage-view.ts';

/** How an app looks to a person. */
export function createAppViews(context: ControlContext, reconciler: Reconciler, storageViews: StorageViews) {
  const { state, drivers, config, clock } = context;

  async function view(app: AppRecord): Promise<AppView> {
    const latest = await state.deployments.latest(app.name);
    const situation = await reconciler.observe(app.name);
    const storage = await storageViews.list({ app: app.name });
    return {
      name: app.name,
      release: app.currentRelease,
      deployment: latest ? await state.deployments.view(latest) : null,
      services: situation ? serviceViews(situation) : [],
      storage,
      notices: [...storageNotices(storage), ...driverNotices(storage)],
    };
  }

  function serviceViews(situation: Situation): readonly ServiceView[] {
    const { desired, observed } = situation;
    const services = serviceSituations(desired, observed, clock.now());
    const known = new Set(services.map(({ name }) => name));
    const leaving = [...new Set(observed.instances.map(({ service }) => service))].filter((name) => !known.has(name));
    return [
      ...services.map((service): ServiceView => {
        const [host] = desired.run ? publicHosts(desired.run.spec, service.name) : [];
        return {
          name: service.name,
          type: service.spec.type,
          url: host === undefined ? null : `http://${host}:${config.httpPort}`,
          desired: service.count,
          notice: serviceNotice(service, observed),
          instances: service.instances.map((instance) => instanceView(instance, observed)),
        };
      }),
      ...leaving.map((name): ServiceView => {
        const instances = observed.instances.filter((instance) => instance.service === name);
        return {
          name,
          type: instances[0]?.spec.type ?? '',
          url: null,
          desired: 0,
          notice: 'no longer in the app file; being stopped',
          instances: instances.map((instance) => instanceView(instance, observed)),
        };
      }),
    ];
  }

  function serviceNotice(service: ServiceSituation, { troubles }: Observed): string {
    const notices: string[] = [];
    const missing = new Set(
      service.volumes.filter(({ volume }) => volume === null).map(({ volumeName }) => volumeName),
    );
    for (const name of missing) {
      const count = service.volumes.filter(({ volume, volumeName }) => volume === null && volumeName === name).length;
      notices.push(`needs ${count} more ${count === 1 ? 'volume' : 'volumes'} named "${name}"`);
    }
    if (!isConverged(service)) {
      for (const { failures, retryAt, reason } of service.failures.values()) {
        const wait = Math.max(0, retryAt - clock.now());
        const next = wait === 0 ? 'being started again' : `next start in ${formatDuration(wait)}`;
        notices.push(
          `${isCrashLoop(failures) ? 'crash loop: ' : ''}failed ${failures} times in a row, ${next}: ${reason}`,
        );
      }
      const trouble = troubles.get(serviceLane(service.name));
      if (trouble) notices.push(`waiting: ${trouble.message}`);
    }
    return notices.join('; ');
  }

  function driverNotices(storage: readonly StorageView[]): readonly string[] {
    const notices: string[] = [];
    if (!drivers.services.capabilities.isolation) notices.push('instances are not isolated from this host');
    if (!drivers.services.capabilities.limits) notices.push('CPU and memory limits are not enforced');
    const hasVolumes = storage.some(({ kind }) => kind === 'volume');
    if (hasVolumes && !drivers.volumes.capabilities.enforcesSize) notices.push('volume sizes are not enforced');
    return notices;
  }

  return { view };
}

function storageNotices(storage: readonly StorageView[]): readonly string[] {
  return storage
    .filter(({ state }) => state === 'detached')
    .map(({ kind, name }) => `the ${kind} "${name}" is no longer in the app file; its data is kept`);
}

function instanceView(instance: ObservedInstance, { slots, storage }: Observed): InstanceView {
  const { id, service, release, slot, createdAt } = instance;
  const failures = slots.find((one) => one.service === service && one.slot === slot && one.release === release);
  return {
    id,
    service,
    release,
    state: stateOf(instance),
    reason: instance.health.reason || (instance.phase === 'failed' ? (failures?.reason ?? '') : ''),
    startedAt: createdAt,
    restarts: failures?.failures ?? 0,
    volumes: storage.filter((item) => item.kind === 'volume' && item.holders.includes(id)).map((item) => item.id),
  };
}

function stateOf({ phase, process, health }: ObservedInstance): InstanceView['state'] {
  if (process === 'exited') return 'exited';
  if (phase === 'draining') return 'draining';
  if (phase === 'failed') return 'stopping';
  if (phase === 'starting') return 'starting';
  return health.state === 'unhealthy' ? 'unhealthy' : 'healthy';
}
