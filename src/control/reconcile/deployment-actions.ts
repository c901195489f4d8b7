import { HoldfastError } from '../../core/errors.ts';
import type { AppSpec } from '../../spec/app-spec.ts';
import type { Action } from '../plan/actions.ts';
import type { State } from '../state/state.ts';
import type { StorageRecord } from '../state/storage-store.ts';
import type { ControlContext } from './context.ts';

type Run<K extends Action['kind']> = (
  context: ControlContext,
  app: string,
  action: Extract<Action, { kind: K }>,
) => Promise<void>;

/** Releases whose artifacts are kept, besides the one that serves and those of instances alive. */
const RELEASES_KEPT = 5;

/** A build that fails is a fact about the release; one that the platform's stop cut off begins again. */
export const build: Run<'build'> = async (context, app, { release: version, build: name }) => {
  const { state, files, drivers } = context;
  const release = await state.releases.get(app, version);
  const record = (await state.releases.builds(app, version)).find((candidate) => candidate.name === name);
  if (!release || record?.status !== 'pending') return;
  const [service = ''] = record.services;
  const { packaging, environment } = release.spec.services[service] ?? {};
  if (!packaging) throw new Error(`release ${version} has no service ${service}`);
  const id = { app, version };
  await files.clearBuild(id, name);
  const log = serialLog((text) => files.appendLog(id, text));
  log.write(`building ${record.services.join(', ')}\n`);
  try {
    const { type: _type, ...inputs } = packaging;
    const { command } = await drivers.builder.build({
      app,
      service,
      archivePath: files.archivePath(id),
      ...inputs,
      environment: environment ?? {},
      outputDirectory: files.buildDirectory(id, name),
      onLog: log.write,
      signal: context.stopping,
    });
    await log.flushed();
    await files.requireRoom();
    await state.releases.finishBuild(record, { command });
  } catch (error) {
    if (context.stopping.aborted) throw error;
    const failure = HoldfastError.from(error);
    log.write(`${failure.message}\n`);
    await log.flushed();
    const hint = failure.hint === undefined ? '' : ` (${failure.hint})`;
    await state.releases.finishBuild(record, { error: `${failure.message}${hint}` });
  }
};

/** Appends in the order of the calls. */
function serialLog(append: (text: string) => Promise<void>) {
  let last = Promise.resolve();
  return {
    write: (text: string) => {
      last = last.then(() => append(text)).catch(() => {}); // a lost log line must not lose the build
    },
    flushed: () => last,
  };
}

export const advanceDeployment: Run<'advance-deployment'> = async (context, app, action) => {
  const { state, files, clock, log } = context;
  const { deployment: id, status, reason } = action;
  await state.transaction(({ deployments }) => deployments.transition({ id, at: clock.now(), status, reason }));
  const deployment = await state.deployments.get(id);
  if (status === 'provisioning' && deployment) await files.dropArchive({ app, version: deployment.release });
  log.info({ app, deployment: id, status, reason }, 'deployment');
};

/** The previous release gets a fresh count: it has not failed, whatever happened to it before. */
export const turnBack: Run<'turn-back'> = async ({ state, clock, log }, app, { deployment: id, reason }) => {
  await state.transaction(async ({ deployments, instances }) => {
    const { previousRelease } = (await deployments.get(id)) ?? {};
    const target = previousRelease == null ? 'stopping it' : `going back to release ${previousRelease}`;
    const at = clock.now();
    const turned = await deployments.transition({
      id,
      at,
      status: 'rolling',
      reason: `${target}: ${reason}`,
      turnedBack: reason,
    });
    if (turned && previousRelease != null) await instances.forgetFailures(app, previousRelease);
  });
  log.warn({ app, deployment: id, reason }, 'deployment turns back');
};

export const finishDeployment: Run<'finish-deployment'> = async (context, app, action) => {
  const { state, clock, log } = context;
  const { deployment: id, status, reason } = action;
  await state.transaction(async (transaction) => {
    const deployment = await transaction.deployments.get(id);
    if (!deployment || deployment.finishedAt !== null) return;
    if (status === 'succeeded') await transaction.apps.setCurrentRelease(app, deployment.release);
    await transaction.deployments.transition({ id, at: clock.now(), status, reason });
    await markDetached(transaction, app);
  });
  log.info({ app, deployment: id, status, reason }, 'deployment ended');
  await pruneReleases(context, app);
  await state.journal.prune(app);
};

/** What the serving file does not name is detached: kept, and said. What it names is not. */
async function markDetached({ apps, releases, storage }: State, app: string): Promise<void> {
  const current = (await apps.get(app))?.currentRelease ?? null;
  const spec = current === null ? undefined : (await releases.get(app, current))?.spec;
  for (const record of await storage.within(app)) {
    if (record.app !== app || record.origin !== 'file' || record.state === 'destroyed') continue;
    const state = spec && isNamed(spec, record) ? 'active' : 'detached';
    if (state !== record.state) await storage.update(record.id, { state });
  }
}

/** Whether the app file has a resource of that kind and name. */
export function isNamed(spec: AppSpec, { kind, name }: Pick<StorageRecord, 'kind' | 'name'>): boolean {
  const resources = { bucket: spec.buckets, volume: spec.volumes, filesystem: spec.filesystems }[kind];
  return Object.hasOwn(resources, name);
}

async function pruneReleases({ state, files }: ControlContext, app: string): Promise<void> {
  const current = (await state.apps.get(app))?.currentRelease;
  const alive = new Set((await state.instances.live(app)).map((instance) => instance.release));
  const old = (await state.releases.list(app))
    .slice(RELEASES_KEPT)
    .filter(({ version, pruned }) => !pruned && version !== current && !alive.has(version));
  if (old.length === 0) return;
  await state.releases.markPruned(
    app,
    old.map(({ version }) => version),
  );
  for (const release of old) await files.removeArtifacts(release);
}

/** Its services are gone; its storage stays, detached. */
export const forgetApp: Run<'forget-app'> = async ({ state, files, log }, app) => {
  await state.transaction(async (transaction) => {
    for (const record of await transaction.storage.within(app)) {
      if (record.app !== app) continue;
      const unbound = { boundService: null, boundSlot: null };
      const change = record.state === 'active' ? { ...unbound, state: 'detached' as const } : unbound;
      await transaction.storage.update(record.id, change);
    }
    await transaction.secrets.forget(app);
    await transaction.apps.remove(app);
  });
  await files.removeApp(app);
  log.info({ app }, 'app destroyed');
};
