import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { MemoryObjectStore } from '../../src/objects/memory-store/memory-object-store.ts';
import type { ObjectStore } from '../../src/objects/store/object-store.ts';
import { type BucketOperation, describeBucket, perform } from './object-bucket-operations.ts';

/** Of one bucket: what was answered, and what may or may not have happened. */
interface Said {
  readonly done: BucketOperation[];
  open: BucketOperation | undefined;
}

/** Takes down what `object-bucket-writer` says, and compares a store with a model that was told the same. */
export class BucketJudge {
  readonly #model = new MemoryObjectStore({ minPartBytes: 1 });
  readonly #said: readonly Said[];
  #acknowledged = 0;

  private constructor(buckets: number) {
    this.#said = Array.from({ length: buckets }, (): Said => ({ done: [], open: undefined }));
  }

  static async create(buckets: number): Promise<BucketJudge> {
    const judge = new BucketJudge(buckets);
    for (const [number] of judge.#said.entries()) await judge.#model.createBucket(`bucket-${number}`);
    return judge;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Until the writer's end. */
  async hear(output: NodeJS.ReadableStream | null): Promise<void> {
    if (!output) throw new Error('no pipe');
    for await (const line of createInterface({ input: output })) this.takeDown(line);
  }

  takeDown(line: string): void {
    const parsed = parse(line);
    const of = this.#said[parsed?.bucket ?? -1];
    if (!parsed || !of) return;
    of.open = parsed.word === 'try' ? parsed.operation : undefined;
    if (parsed.word === 'try') return;
    of.done.push(parsed.operation);
    this.#acknowledged++;
  }

  /** What is wrong in the store after a crash, nothing when it holds what was acknowledged. Settles what was not. */
  async discrepancies(store: ObjectStore): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const [number, said] of this.#said.entries()) {
      const bucket = `bucket-${number}`;
      for (const operation of said.done.splice(0)) await perform(this.#model, bucket, operation);
      if (!store.bucket(bucket)) await store.createBucket(bucket); // ended before there was one, or all of it is missing
      const found = await describeBucket(store, bucket);
      const { open } = said;
      said.open = undefined;
      if (isDeepStrictEqual(found, await describeBucket(this.#model, bucket))) continue;
      if (open) await perform(this.#model, bucket, open);
      const expected = await describeBucket(this.#model, bucket);
      if (!isDeepStrictEqual(found, expected))
        wrong.push(...differences(found, expected), JSON.stringify(open ?? null));
    }
    return wrong;
  }
}

function differences(found: readonly string[], expected: readonly string[]): readonly string[] {
  return [
    ...found.filter((line) => !expected.includes(line)).map((line) => `found ${line}`),
    ...expected.filter((line) => !found.includes(line)).map((line) => `expected ${line}`),
  ];
}

/** The last line can be cut by the kill: then it was not said. */
function parse(line: string) {
  try {
    return JSON.parse(line) as { word: 'try' | 'done'; bucket: number; operation: BucketOperation };
  } catch {
    return undefined;
  }
}
