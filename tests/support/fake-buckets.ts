import type { BucketInfo, ObjectAdmin } from '../../src/objects/object-admin.ts';

type Call = Parameters<ObjectAdmin['ensureBucket']>[0];

/** Keeps what it was told last of each bucket; the call that `hold` chooses waits. */
export class FakeBuckets {
  readonly told = new Map<string, Call>();
  readonly locked = new Set<string>();
  #held: { matches: (call: Call) => boolean; reached: () => void; opened: Promise<void> } | undefined;

  async ensureBucket(call: Call): Promise<void> {
    const held = this.#held;
    if (held?.matches(call)) {
      this.#held = undefined;
      held.reached();
      await held.opened;
    }
    this.told.set(call.name, { ...this.told.get(call.name), ...call });
  }

  async destroyBucket({ name }: { readonly name: string }): Promise<void> {
    if (this.locked.has(name)) throw new Error(`${name} has locked versions`);
    this.told.delete(name);
  }

  async listBuckets(): Promise<readonly Pick<BucketInfo, 'name' | 'forkOf'>[]> {
    return [...this.told.values()].map(({ name, from }) => ({ name, forkOf: from?.bucket }));
  }

  /** Resolves when the first such call waits. */
  async hold(matches: (call: Call) => boolean, begin: () => Promise<unknown>) {
    const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.#held = { matches, reached: reached.resolve, opened: opened.promise };
    const begun = begin();
    await reached.promise;
    return { begun, open: opened.resolve };
  }
}
