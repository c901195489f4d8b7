import * as errors from '../errors.ts';
import type { LogLine, Platform } from '../platform.ts';
import type { ControlContext } from '../reconcile/context.ts';
import { logLines } from '../reconcile/log-lines.ts';
import type { InstanceRecord } from '../state/instance-store.ts';
import { findApp } from './deployments.ts';

type Input = Parameters<Platform['logs']>[0];

/** How often a follower looks for instances that are new, ms. */
const NEW_INSTANCES_MS = 500;

/** Instances one after the other, oldest first; with `follow`, all live ones at once and those to come. */
export async function* followLogs(context: ControlContext, input: Input): AsyncIterable<LogLine> {
  const chosen = await choose(context, input);
  if (!input.follow) {
    for (const record of chosen) yield* linesOf(context, record, input);
    return;
  }
  yield* follow(context, chosen, input);
}

async function choose(
  { state }: ControlContext,
  { app, service, instance }: Input,
): Promise<readonly InstanceRecord[]> {
  await findApp(state, app);
  const all = await state.instances.list(app);
  if (instance !== undefined) {
    const one = all.filter(({ id }) => id === instance);
    const ids = all.map(({ id }) => id);
    if (one.length === 0) throw errors.instanceNotFound(app, instance, ids);
    return one;
  }
  if (service === undefined) return all;
  const own = all.filter((record) => record.service === service);
  if (own.length === 0) await refuseUnknownService({ state }, { app, service, all });
  return own;
}

async function refuseUnknownService(
  { state }: Pick<ControlContext, 'state'>,
  { app, service, all }: { readonly app: string; readonly service: string; readonly all: readonly InstanceRecord[] },
): Promise<void> {
  const [newest] = await state.releases.list(app);
  const known = new Set([...Object.keys(newest?.spec.services ?? {}), ...all.map((record) => record.service)]);
  if (!known.has(service)) throw errors.serviceNotFound(app, service, known);
}

async function* linesOf(
  { drivers }: ControlContext,
  { id, service }: InstanceRecord,
  { tail, follow: following, signal }: Input,
): AsyncIterable<LogLine> {
  for await (const line of logLines(drivers.services, id, { tail, follow: following, signal })) {
    yield { instance: id, service, line };
  }
}

/** Merges the streams of all instances in the order in which lines come. */
async function* follow(
  context: ControlContext,
  first: readonly InstanceRecord[],
  input: Input,
): AsyncIterable<LogLine> {
  const queue = new LineQueue();
  const end = new AbortController();
  const signal = input.signal ? AbortSignal.any([input.signal, end.signal]) : end.signal;
  signal.addEventListener('abort', () => queue.close(), { once: true });
  if (signal.aborted) return;
  const seen = new Set<string>();
  const add = (records: readonly InstanceRecord[], tail: number | undefined) => {
    for (const record of records.filter(({ id }) => !seen.has(id))) {
      seen.add(record.id);
      void queue.take(linesOf(context, record, { ...input, tail, signal }), signal);
    }
  };
  const live = first.filter(({ phase }) => phase !== 'ended');
  for (const { id } of first) if (!live.some((record) => record.id === id)) seen.add(id);
  add(live, input.tail);
  void watchForNew(context, { input, signal, add, queue });
  try {
    yield* queue.lines();
  } finally {
    end.abort();
  }
}

async function watchForNew(
  context: ControlContext,
  options: {
    readonly input: Input;
    readonly signal: AbortSignal;
    readonly add: (records: readonly InstanceRecord[], tail: number | undefined) => void;
    readonly queue: LineQueue;
  },
): Promise<void> {
  const { input, signal, add, queue } = options;
  if (input.instance !== undefined) return;
  try {
    while (!signal.aborted) {
      await context.clock.sleep(NEW_INSTANCES_MS, { signal });
      add(await choose(context, input), undefined);
    }
  } catch (error) {
    if (!signal.aborted) queue.fail(error);
  }
}

/** Lines from many sources, for one reader. A reader slower than its sources makes them wait. */
class LineQueue {
  readonly #lines: LogLine[] = [];
  #ended = false;
  #failure: unknown;
  #readable = Promise.withResolvers<void>();
  #drained = Promise.withResolvers<void>();

  async take(source: AsyncIterable<LogLine>, signal: AbortSignal): Promise<void> {
    try {
      for await (const line of source) {
        if (this.#ended) return;
        this.#lines.push(line);
        this.#readable.resolve();
        if (this.#lines.length > 1000) await this.#drained.promise;
      }
    } catch (error) {
      if (!signal.aborted) this.fail(error);
    }
  }

  fail(error: unknown): void {
    this.#failure ??= error;
    this.close();
  }

  close(): void {
    this.#ended = true;
    this.#readable.resolve();
    this.#drained.resolve();
  }

  async *lines(): AsyncIterable<LogLine> {
    for (;;) {
      yield* this.#lines.splice(0);
      this.#drained.resolve();
      this.#drained = Promise.withResolvers();
      if (this.#lines.length > 0) continue;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await this.#readable.promise;
      this.#readable = Promise.withResolvers();
    }
  }
}
