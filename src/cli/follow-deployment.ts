import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, DeploymentView, InstanceView } from '../control/api/client.ts';
import { HoldfastError } from '../core/errors.ts';
import { paint, paintState } from './output/paint.ts';
import { note } from './session.ts';

const POLL_MS = 150;
/** A platform that is started again in the middle of a deployment continues it; so long is it waited for. */
const ABSENCE_MS = 60_000;

/**
 * Prints the build's output, the deployment's steps and its instances' states to
 * stderr as they come, until it has ended.
 */
export async function followDeployment(
  api: ApiClient,
  begun: DeploymentView,
  signal: AbortSignal,
): Promise<DeploymentView> {
  const printer = new StepPrinter(begun.release);
  const { id, app } = begun;
  printer.transitions(begun);
  let offset = 0;
  for (;;) {
    const view = await patiently(async () => (await api.deployments[':id'].$get({ param: { id } })).json(), signal);
    offset = await patiently(() => printBuildLog(api, id, offset), signal);
    printer.transitions(view);
    if (view.status === 'rolling') printer.instances(await patiently(() => instancesOf(api, app), signal));
    if (view.finishedAt !== null) return view;
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function printBuildLog(api: ApiClient, id: string, offset: number): Promise<number> {
  const query = { offset: String(offset) };
  const { text, next } = await (await api.deployments[':id']['build-log'].$get({ param: { id }, query })).json();
  process.stderr.write(text);
  return next;
}

async function instancesOf(api: ApiClient, app: string): Promise<readonly InstanceView[]> {
  const view = await (await api.apps[':app'].$get({ param: { app } })).json();
  return view.services.flatMap((service) => service.instances);
}

/** Prints what has changed since the last look. */
class StepPrinter {
  readonly #release: number;
  readonly #states = new Map<string, string>();
  #transitions = 0;

  constructor(release: number) {
    this.#release = release;
  }

  transitions({ transitions }: DeploymentView): void {
    for (const { status, reason } of transitions.slice(this.#transitions)) {
      const why = status === 'failed' || status === 'rolled-back' ? '' : `: ${reason}`; // the error will say it
      note(`${paint('cyan', '==>', process.stderr)} ${paintState(status, process.stderr)}${why}`);
    }
    this.#transitions = transitions.length;
  }

  instances(instances: readonly InstanceView[]): void {
    for (const { id, service, release, state, reason } of instances) {
      if (this.#states.get(id) === state) continue;
      const known = this.#states.has(id);
      this.#states.set(id, state);
      if (!known && release !== this.#release) continue; // the old release, still as it was
      const why = reason && state !== 'healthy' ? ` (${reason})` : '';
      note(`    ${service} ${id} of release ${release}: ${paintState(state, process.stderr)}${why}`);
    }
  }
}

/** Asks again while the platform does not answer. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const deadline = Date.now() + ABSENCE_MS;
  for (let told = false; ; told = true) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      const absent = error instanceof HoldfastError && error.kind === 'unavailable';
      if (!absent || Date.now() > deadline) throw error;
      if (!told) note('The platform does not answer; waiting for it …');
      await sleep(POLL_MS * 4, undefined, { signal });
    }
  }
}
