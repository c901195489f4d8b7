import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/objects/engine/object-store.ts';
import { openEngine } from '../../src/objects/engine/open-object-store.ts';
import { contentOf, History, type Operation, storeSizes } from './object-engine-history.ts';

const ROUNDS = 36;
const BUCKET = 'data';
const writer = join(import.meta.dirname, 'object-engine-writer.ts');

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

it(`keeps every acknowledged object over ${ROUNDS} kills`, { timeout: 600_000 }, async () => {
  const history = new History();
  for (let round = 0; round < ROUNDS; round++) {
    await runAndKill(history, round);
    if (round % 6 === 5) await loseIndex();
    const engine = await openEngine({ directory, ...storeSizes });
    try {
      if (engine.bucket(BUCKET)) await compare(engine, history, `round ${round}`);
      expect(engine.unreferencedFiles(await dataFiles())).toEqual([]);
    } finally {
      await engine.close();
    }
  }
  expect(history.acknowledged, 'the writers got somewhere').toBeGreaterThan(ROUNDS * 20);
  const segments = (await readdir(join(directory, 'journal'))).filter((name) => name.endsWith('.journal')).sort();
  const lifetime = Number.parseInt(segments.at(-1) ?? '0', 10);
  expect(lifetime, 'segments were compacted and recycled under the kills').toBeGreaterThan(segments.length + 5);
});

/** At any moment: while the store opens, replays, writes, compacts. */
async function runAndKill(history: History, round: number): Promise<void> {
  const child = spawn(process.execPath, [writer, directory, '8', BUCKET], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard = listen(child, history);
  await sleep(round % 4 === 3 ? randomInt(150, 400) : randomInt(300, 1500));
  child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal, 'the writer ran until it was killed').toBe('SIGKILL');
  await heard;
}

async function listen(child: ChildProcess, history: History): Promise<void> {
  if (!child.stdout) throw new Error('no pipe');
  for await (const line of createInterface({ input: child.stdout })) {
    const parsed = parseLine(line);
    if (parsed?.word === 'try') history.tried(parsed.operation);
    else if (parsed) history.done(parsed.operation);
  }
}

/** The last line can be cut by the kill: then it was not said. */
function parseLine(line: string): { readonly word: 'try' | 'done'; readonly operation: Operation } | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** As after a power cut: the journal must be enough. */
async function loseIndex(): Promise<void> {
  await rm(join(directory, 'index'), { recursive: true, force: true });
}

async function dataFiles(): Promise<readonly string[]> {
  const names = await readdir(join(directory, 'files'), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

async function compare(store: ObjectStore, history: History, when: string): Promise<void> {
  const listed = await listAll(store);
  const present: string[] = [];
  let bytes = 0;
  for (const [key, possible] of history.keys) {
    const found = await read(store, key);
    const match = possible.find(
      (operation) => digest(operation && contentOf(operation.seed, operation.size)) === digest(found),
    );
    const isKnown = match !== undefined || (found === undefined && possible.includes(undefined));
    expect(isKnown, `${when}: ${key} holds what was written last (${possible.length} possible)`).toBe(true);
    if (found) present.push(key);
    bytes += found?.length ?? 0;
    history.settle(key, match);
  }
  expect(listed, `${when}: the listing`).toEqual(present.sort());
  expect(store.usage(BUCKET), `${when}: the usage`).toEqual({ objects: present.length, bytes });
}

async function listAll(store: ObjectStore): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
    const page = await store.list({ bucket: BUCKET, limit: 7, after });
    keys.push(...page.objects.map(({ key }) => key));
    after = page.next;
  }
  return keys;
}

async function read(store: ObjectStore, key: string): Promise<Buffer | undefined> {
  const object = await store.open(BUCKET, key).catch(() => undefined);
  if (!object) return undefined;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of object.body()) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    object.release();
  }
}

function digest(bytes: Buffer | undefined): string {
  return bytes ? createHash('sha256').update(bytes).digest('hex') : 'nothing';
}
