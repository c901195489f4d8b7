import type { Records } from './records.ts';
import { activeInstances, type World } from './world.ts';

/** What is not yet as the serving files say; nothing once all is well. */
export async function findUnsettled(records: Records, world: World): Promise<readonly string[]> {
  const processes = await world.services.list();
  const running = new Set(processes.filter(({ status }) => status === 'running').map(({ id }) => id));
  const live = records.instances();
  const liveIds = new Set(live.map(({ id }) => id));
  const holders = (await world.volumes.list()).flatMap(({ id, attachedTo }) =>
    attachedTo ? [{ id, attachedTo }] : [],
  );
  const mounted = (await world.filesystems.list()).flatMap(({ id, holders: ids }) =>
    ids.map((holder) => ({ id, holder })),
  );
  const routed = activeInstances(await world.edge.getRoutes());
  return [
    ...records.openDeployments().map(({ id, status, reason }) => `${id} is still ${status}: ${reason}`),
    ...records
      .apps()
      .filter(({ destroying }) => destroying === 1)
      .map(({ name }) => `${name} is still being destroyed`),
    ...processes.filter(({ id }) => !liveIds.has(id)).map(({ id }) => `${id} exists without a record`),
    ...live.filter(({ id }) => !running.has(id)).map(({ id, phase }) => `${id} is ${phase} and does not run`),
    ...holders
      .filter(({ attachedTo }) => !running.has(attachedTo))
      .map(({ id, attachedTo }) => `${id} is held by ${attachedTo}, which does not run`),
    ...mounted
      .filter(({ holder }) => !running.has(holder))
      .map(({ id, holder }) => `${id} is mounted by ${holder}, which does not run`),
    ...[...routed].filter((id) => !running.has(id)).map((id) => `${id} is routed to and does not run`),
    ...findMissing(records, routed),
  ];
}

/** Services of the serving releases that are not up: only what has served before may be current, so each can be. */
function findMissing(records: Records, routed: ReadonlySet<string>): readonly string[] {
  return records.apps().flatMap(({ name: app, currentRelease, destroying }) => {
    const spec = currentRelease === null || destroying === 1 ? undefined : records.spec(app, currentRelease);
    const own = records.instances().filter((instance) => instance.app === app);
    const foreign = own.filter(({ service, release }) => !spec?.services[service] || release !== currentRelease);
    const missing = Object.entries(spec?.services ?? {}).flatMap(([service, one]) => {
      const wanted = records.wantedCount(`${app}/${service}`);
      const volumes = one.volumeMounts.map(({ volumeName }) => records.volumes(app, volumeName).length);
      const count = volumes.length > 0 ? Math.max(1, Math.min(wanted, ...volumes)) : wanted;
      const up = own.filter(({ id, service: of, phase }) => {
        return of === service && phase === 'active' && (one.type !== 'web-service' || routed.has(id));
      });
      return up.length < count ? [`${app}/${service} has ${up.length} of ${count}`] : [];
    });
    return [...foreign.map(({ id }) => `${id} is not of the serving release`), ...missing];
  });
}
