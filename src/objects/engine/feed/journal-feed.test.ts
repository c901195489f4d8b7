import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Change } from '../../store/change-feed.ts';
import type { EngineObjectStore } from '../engine-object-store.ts';
import { openEngine } from '../open-object-store.ts';

/** Segments so small that compaction has something to do all the time. */
const sizes = { segmentBytes: 640 * 2 ** 10, inlineLimitBytes: 64 * 2 ** 10, minPartBytes: 1, slackBytes: 0 };
const metadata = { contentType: 'text/plain', headers: {}, user: {} };

let directory: string;
let store: EngineObjectStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-feed-'));
  store = await openEngine({ directory, ...sizes });
  await store.createBucket('data');
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(bytes, 'x');
}

const put = (key: string, bytes = 40_000) => store.put({ bucket: 'data', key, body: body(bytes), metadata });

async function reopen(): Promise<void> {
  await store.close();
  store = await openEngine({ directory, ...sizes });
}

class Reader {
  readonly #name: string;
  position = 0;
  readonly seen: string[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  async subscribe(): Promise<void> {
    this.position = Math.max(this.position, (await store.changes.subscribe(this.#name)).position);
  }

  async read(): Promise<void> {
    for (;;) {
      const { changes, next } = await store.changes.read({ from: this.position });
      if (next === this.position) return;
      this.seen.push(...changes.map(say));
      this.position = next;
    }
  }

  advance(): Promise<void> {
    return store.changes.advance(this.#name, this.position);
  }
}

const say = (change: Change) => `${change.kind} ${'key' in change ? change.key : change.bucket}`;

test('compaction gives up what was read, and nothing else', async () => {
  const reader = new Reader('slow');
  await reader.subscribe();
  for (let i = 0; i < 150; i++) await put(`key ${i % 3}`);
  await store.settle();
  await reopen();
  await store.settle();
  await reader.read();
  expect(reader.seen).toEqual(Array.from({ length: 150 }, (_, i) => `created key ${i % 3}`));

  const before = await journalBytes();
  await reader.advance();
  await put('one more');
  await store.settle();
  expect(await journalBytes()).toBeLessThan(before / 2);
});

test('a consumer that is gone holds nothing back', async () => {
  await new Reader('gone').subscribe();
  for (let i = 0; i < 150; i++) await put(`key ${i % 3}`);
  await store.settle();
  const before = await journalBytes();
  await store.changes.unsubscribe('gone');
  await put('one more');
  await store.settle();
  expect(await journalBytes()).toBeLessThan(before / 2);
});

async function journalBytes(): Promise<number> {
  const names = await readdir(join(directory, 'journal'));
  return names.filter((name) => name.endsWith('.journal')).length * sizes.segmentBytes;
}

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.nat(5), big: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), reader: fc.nat(1), advance: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), withoutIndex: fc.boolean() }) },
);

test('no change is missed or told twice, however compaction and restarts come between', async () => {
  const steps = fc.array(step, { minLength: 30, maxLength: 80, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, async (steps) => {
      await store.changes.unsubscribe('a');
      await store.changes.unsubscribe('b');
      await store.deleteBucket('data', { force: true });
      await store.createBucket('data');
      const readers = [new Reader('a'), new Reader('b')];
      for (const reader of readers) await reader.subscribe();
      const written: string[] = [];
      const present = new Set<string>();
      for (const step of steps) {
        if (step.kind === 'put') {
          const key = `key ${step.key}`;
          await put(key, step.big ? 60_000 : 100);
          written.push(`created ${key}`);
          present.add(key);
        } else if (step.kind === 'remove') {
          const key = `key ${step.key}`;
          await store.remove('data', key);
          if (present.delete(key)) written.push(`removed ${key}`);
        } else if (step.kind === 'read') {
          const reader = readers[step.reader];
          await reader?.read();
          if (step.advance) await reader?.advance();
        } else if (step.kind === 'settle') {
          await store.settle();
        } else {
          await store.close();
          if (step.withoutIndex) await rm(join(directory, 'index'), { recursive: true });
          store = await openEngine({ directory, ...sizes });
          for (const reader of readers) await reader.subscribe();
        }
      }
      for (const reader of readers) {
        await reader.read();
        expect(reader.seen).toEqual(written);
      }
    }),
    { numRuns: 20 },
  );
});
