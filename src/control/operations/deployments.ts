import { Exclusive } from '../../core/exclusive.ts';
import type { WebhookAdmin } from '../../objects/webhook-contract.ts';
import type { AppSpec, ServiceSpec } from '../../spec/app-spec.ts';
import { checkRegion } from '../../spec/regions.ts';
import * as errors from '../errors.ts';
import { publicHosts } from '../plan/hosts.ts';
import type { DeploymentView, DeployRequest, Platform, ReleaseView } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { DeploymentRecord } from '../state/deployment-store.ts';
import type { ReleaseRecord } from '../state/release-store.ts';
import type { State } from '../state/state.ts';

type Deployments = Pick<Platform, 'deploy' | 'deployment' | 'buildLog' | 'rollback' | 'releases'>;

export function createDeployments(context: ControlContext, reconciler: Reconciler): Deployments {
  const { state, drivers, files, vault, clock, ids } = context;
  const exclusive = new Exclusive();

  async function record({ spec, archivePath }: DeployRequest): Promise<DeploymentView> {
    const { app } = spec;
    await refuseWhileBusy(state, app);
    await files.requireRoom();
    for (const { region } of Object.values(spec.volumes)) if (region !== undefined) checkRegion(region);
    await refuseTakenHosts(state, spec);
    await refuseMissingWebhooks(drivers.objects, spec);
    const secrets = await pinSecrets(spec, await vault.list(app));
    const version = (await state.releases.lastVersion(app)) + 1;
    await files.takeArchive({ app, version }, archivePath);
    const createdAt = clock.now();
    const id = ids('dep');
    await state.transaction(async ({ apps, releases, deployments }) => {
      await apps.ensure(app, createdAt);
      await releases.insert({ app, version, spec, secrets, createdAt });
      await releases.insertBuilds(buildsOf(spec).map((build) => ({ app, release: version, ...build })));
      const previousRelease = (await apps.get(app))?.currentRelease ?? null;
      await deployments.create({
        id,
        app,
        release: version,
        previousRelease,
        kind: 'deploy',
        status: 'building',
        reason: `release ${version} is being built`,
        createdAt,
      });
    });
    return opened(id, app);
  }

  async function opened(id: string, app: string): Promise<DeploymentView> {
    reconciler.wake(app);
    return state.deployments.view(await findDeployment(state, id));
  }

  return {
    deploy: (request) =>
      exclusive.run(request.spec.app, async () => {
        try {
          return await record(request);
        } catch (error) {
          await files.discardUpload(request.archivePath);
          throw error;
        }
      }),

    rollback: ({ app, release: version }) =>
      exclusive.run(app, async () => {
        await findApp(state, app);
        await refuseWhileBusy(state, app);
        const { spec } = await findDeployable(state, app, version);
        await refuseMissingWebhooks(drivers.objects, spec);
        await files.requireRoom();
        const createdAt = clock.now();
        const id = ids('dep');
        await state.transaction(async ({ apps, deployments, instances }) => {
          const previousRelease = (await apps.get(app))?.currentRelease ?? null;
          await instances.forgetFailures(app, version);
          await deployments.create({
            id,
            app,
            release: version,
            previousRelease,
            kind: 'rollback',
            status: 'provisioning',
            reason: `release ${version} is deployed again`,
            createdAt,
          });
        });
        return opened(id, app);
      }),

    deployment: async (id) => state.deployments.view(await findDeployment(state, id)),

    buildLog: async (id, offset) => {
      const { app, release: version, kind } = await findDeployment(state, id);
      const log = kind === 'rollback' ? '' : await files.readLog({ app, version });
      const text = log.slice(offset);
      return { text, next: offset + text.length };
    },

    releases: async (app) => {
      const { currentRelease } = await findApp(state, app);
      const deployments = await state.deployments.list(app);
      return (await state.releases.list(app)).map(({ version, createdAt }): ReleaseView => {
        const newest = deployments.find((deployment) => deployment.release === version);
        const current = version === currentRelease;
        const status = newest?.status ?? 'failed';
        return {
          version,
          app,
          createdAt,
          status: status === 'succeeded' && !current ? 'superseded' : status,
          reason: newest?.reason ?? '',
          current,
        };
      });
    },
  };
}

export async function findApp(state: State, name: string) {
  const app = await state.apps.get(name);
  if (app) return app;
  const others = await state.apps.list();
  throw errors.appNotFound(
    name,
    others.map((other) => other.name),
  );
}

async function findDeployment(state: State, id: string): Promise<DeploymentRecord> {
  const deployment = await state.deployments.get(id);
  if (!deployment) throw errors.deploymentNotFound(id);
  return deployment;
}

async function refuseWhileBusy(state: State, app: string): Promise<void> {
  if ((await state.apps.get(app))?.destroying === 1) throw errors.appDestroying(app);
  const open = await state.deployments.open(app);
  if (open) throw errors.deploymentInProgress(app, open.id);
}

async function findDeployable(state: State, app: string, version: number): Promise<ReleaseRecord> {
  const releases = await state.releases.list(app);
  const kept = releases.filter(({ pruned }) => !pruned).map((release) => release.version);
  const release = releases.find((candidate) => candidate.version === version);
  if (!release) throw errors.releaseNotFound(app, version, kept);
  if (release.pruned) throw errors.releasePruned(app, version, kept);
  const builds = await state.releases.builds(app, version);
  if (builds.some(({ status }) => status !== 'built')) throw errors.releaseNotBuilt(app, version);
  return release;
}

/** Two apps with one host name would take each other's requests. */
async function refuseTakenHosts(state: State, spec: AppSpec): Promise<void> {
  const wanted = new Set(Object.keys(spec.services).flatMap((service) => publicHosts(spec, service)));
  for (const { name, currentRelease } of await state.apps.list()) {
    if (name === spec.app || currentRelease === null) continue;
    const other = (await state.releases.get(name, currentRelease))?.spec;
    const hosts = Object.keys(other?.services ?? {}).flatMap((service) => (other ? publicHosts(other, service) : []));
    const taken = hosts.find((host) => wanted.has(host));
    if (taken !== undefined) throw errors.hostTaken(taken, spec.app, name);
  }
}

async function refuseMissingWebhooks(objects: WebhookAdmin, { buckets }: AppSpec): Promise<void> {
  const wanted = Object.entries(buckets).flatMap(([bucket, { events = [] }]) =>
    events.map(({ webhook }, i) => ({ webhook, key: `resources.${bucket}.properties.events[${i}].webhook` })),
  );
  if (wanted.length === 0) return;
  const known = (await objects.listWebhooks({})).map(({ name }) => name);
  const missing = wanted.find(({ webhook }) => !known.includes(webhook));
  if (missing) throw errors.webhookMissing(missing.webhook, missing.key, known);
}

function pinSecrets(
  spec: AppSpec,
  known: readonly { readonly name: string; readonly version: number }[],
): Readonly<Record<string, number>> {
  const versions = new Map(known.map(({ name, version }) => [name, version]));
  const pinned: Record<string, number> = {};
  for (const [service, { secrets }] of Object.entries(spec.services)) {
    const missing = secrets.filter((name) => !versions.has(name));
    if (missing.length > 0) throw errors.secretMissing(spec.app, service, missing);
    for (const name of secrets) pinned[name] = versions.get(name) ?? 0;
  }
  return pinned;
}

/** Services with the same source, commands and environment share a build, named after the first of them. */
function buildsOf(spec: AppSpec): readonly { readonly name: string; readonly services: readonly string[] }[] {
  const inputs = ({ packaging, environment }: ServiceSpec) =>
    JSON.stringify([packaging, Object.entries(environment).sort()]);
  const groups = Map.groupBy(Object.keys(spec.services), (name) => {
    const service = spec.services[name];
    return service ? inputs(service) : name;
  });
  return [...groups.values()].map((services) => ({ name: services[0] ?? '', services }));
}
