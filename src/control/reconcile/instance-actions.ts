import { HoldfastError } from '../../core/errors.ts';
import type { Mount } from '../../services/service-driver.ts';
import { connectedBuckets } from '../plan/access.ts';
import type { InstanceAction } from '../plan/actions.ts';
import type { InstanceRecord } from '../state/instance-store.ts';
import type { BuildRecord, ReleaseRecord } from '../state/release-store.ts';
import type { ControlContext } from './context.ts';
import { instanceEnvironment } from './environment.ts';
import { lastLines } from './log-lines.ts';

type Run<K extends InstanceAction['kind']> = (
  context: ControlContext,
  app: string,
  action: Extract<InstanceAction, { kind: K }>,
) => Promise<void>;

/** Lines of an instance's output that a failure's reason quotes. */
const QUOTED_LINES = 5;

export const createInstance: Run<'create-instance'> = async ({ state, clock }, app, action) => {
  const { id, service, release, slot, number } = action;
  await state.transaction(({ instances }) =>
    instances.create({ id, app, service, release, slot, createdAt: clock.now() }, number),
  );
};

/** An error that trying again cannot cure is recorded, for the plan to count; others are thrown, to be tried again. */
export const startInstance: Run<'start-instance'> = async (context, app, { id }) => {
  const instance = await context.state.instances.get(id);
  if (instance?.phase !== 'starting') return;
  try {
    await start(context, app, instance);
  } catch (error) {
    const failure = HoldfastError.from(error);
    if (failure.retryable || failure.kind === 'unavailable') throw failure;
    await context.state.instances.update(id, { startError: `could not be started: ${failure.message}` });
  }
};

async function start(context: ControlContext, app: string, instance: InstanceRecord): Promise<void> {
  const { id, service, release: version } = instance;
  const release = await context.state.releases.get(app, version);
  const spec = release?.spec.services[service];
  if (!release || !spec) throw new Error(`release ${version} has no service ${service}`);
  const build = await findBuild(context, release, service);
  await context.drivers.services.start({
    id,
    app,
    service,
    release: String(version),
    rootDirectory: context.files.buildDirectory(release, build.name),
    command: build.command ?? [],
    environment: await environmentOf(context, release, instance),
    mounts: await mountsOf(context, release, instance),
    listens: spec.type === 'web-service' || spec.type === 'private-service',
    limits: spec.resources,
  });
}

async function findBuild({ state }: ControlContext, release: ReleaseRecord, service: string): Promise<BuildRecord> {
  const builds = await state.releases.builds(release.app, release.version);
  const build = builds.find((candidate) => candidate.services.includes(service) && candidate.status === 'built');
  if (!build) throw new Error(`release ${release.version} has no build of ${service}`);
  return build;
}

async function environmentOf(context: ControlContext, release: ReleaseRecord, instance: InstanceRecord) {
  const { state, drivers, vault, config } = context;
  const { app, service } = instance;
  const spec = release.spec.services[service];
  if (!spec) return {};
  const buckets = connectedBuckets(app, spec, await state.storage.within(app));
  const granted = (await state.storage.grants(app)).get(service) ?? [];
  const values = await vault.reveal(app, release.secrets);
  return instanceEnvironment({
    app,
    service,
    release: release.version,
    instance: instance.id,
    environment: spec.environment,
    secrets: Object.fromEntries(Object.entries(values).filter(([name]) => spec.secrets.includes(name))),
    buckets,
    key:
      buckets.length === 0 ? null : await drivers.objects.ensureKey({ owner: `${app}/${service}`, buckets: granted }),
    objects: { endpoint: config.s3Endpoint, publicUrl: config.s3PublicUrl, region: config.region },
  });
}

/** Attached and mounted before (the plan's order); asking again only tells where. */
async function mountsOf({ state, drivers }: ControlContext, release: ReleaseRecord, instance: InstanceRecord) {
  const { id, app, service, slot } = instance;
  const spec = release.spec.services[service];
  const storage = await state.storage.within(app);
  const mounts: Mount[] = [];
  for (const { volumeName, mountPath } of spec?.volumeMounts ?? []) {
    const volume = storage.find(
      (item) =>
        item.kind === 'volume' &&
        item.name === volumeName &&
        item.boundService === service &&
        item.boundSlot === slot &&
        item.state !== 'destroyed',
    );
    if (!volume) throw new Error(`no volume "${volumeName}" is bound to ${service}, slot ${slot}`);
    const { hostPath } = await drivers.volumes.attach(volume.id, id);
    mounts.push({ name: volumeName, hostPath, mountPath });
  }
  for (const { filesystemName, mountPath, rootDirectory } of spec?.filesystemMounts ?? []) {
    const filesystem = storage.find(
      (item) =>
        item.kind === 'filesystem' && item.name === filesystemName && item.app === app && item.state !== 'destroyed',
    );
    if (!filesystem) throw new Error(`there is no filesystem "${filesystemName}"`);
    const { hostPath } = await drivers.filesystems.mount(filesystem.id, { holder: id, rootDirectory });
    mounts.push({ name: filesystemName, hostPath, mountPath });
  }
  return mounts;
}

export const activateInstance: Run<'activate-instance'> = async ({ state, clock }, _app, { id }) => {
  await state.instances.update(id, { phase: 'active', activeAt: clock.now() });
};

export const drainInstance: Run<'drain-instance'> = async ({ state }, _app, { id }) => {
  await state.instances.update(id, { phase: 'draining' });
};

export const recallInstance: Run<'recall-instance'> = async ({ state }, _app, { id }) => {
  await state.instances.update(id, { phase: 'active', drainAt: null });
};

export const timeDrain: Run<'time-drain'> = async ({ state, clock }, _app, { id }) => {
  await state.instances.update(id, { drainAt: clock.now() });
};

export const failInstance: Run<'fail-instance'> = async ({ state, drivers, log }, app, action) => {
  const instance = await state.instances.get(action.id);
  if (!instance || instance.phase === 'failed' || instance.phase === 'ended') return;
  const lines = await lastLines(drivers.services, action.id, QUOTED_LINES);
  const reason = lines.length === 0 ? action.reason : `${action.reason}; its last output:\n  ${lines.join('\n  ')}`;
  const { service, slot, release } = instance;
  const { failures, retryAt } = action;
  await state.transaction(async ({ instances }) => {
    await instances.update(action.id, { phase: 'failed', reason });
    await instances.recordFailure({ app, service, slot, release, failures, retryAt, reason });
  });
  log.warn({ instance: action.id, failures, reason: action.reason }, 'instance failed');
};

export const stopInstance: Run<'stop-instance'> = async ({ drivers }, _app, { id, graceMs }) => {
  await drivers.services.stop(id, { graceMs });
};

export const removeInstance: Run<'remove-instance'> = async ({ state, drivers, clock }, app, { id }) => {
  await drivers.services.remove(id);
  await state.instances.update(id, { phase: 'ended', endedAt: clock.now() });
  await state.instances.pruneEnded(app);
};
