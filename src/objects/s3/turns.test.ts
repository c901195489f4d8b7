import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTestGateway, type TestGateway, testKey } from '../../../tests/support/s3-gateway.ts';
import { parsingXml } from './xml-document.ts';

/** What one request asks for that is much, others wait for in part only. */

const KEY = testKey('writer', '*');
const KEYS = Array.from({ length: 100 }, (_, n) => `key-${n}`);

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway(KEY);
  await gateway.store.createBucket('data');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await gateway[Symbol.asyncDispose]();
});

/** From now on each slice is over after one step. */
function makeSlow(): void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
}

test('the keys of a DeleteObjects are gone through in turns', async () => {
  let turn = 0;
  const turns = new Set<number>();
  const { store } = gateway;
  const remove = store.remove.bind(store);
  store.remove = async (...args) => {
    turns.add(turn);
    return remove(...args);
  };
  makeSlow();
  let isOver = false;
  const count = () => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  count();
  const objects = KEYS.map((key) => `<Object><Key>${key}</Key></Object>`).join('');
  const { status, text } = await gateway.call('POST /data', {
    as: KEY,
    query: { delete: '' },
    body: `<Delete>${objects}</Delete>`,
  });
  isOver = true;
  expect(status).toBe(200);
  expect(text.match(/<Deleted>/g)).toHaveLength(KEYS.length);
  expect(turns.size).toBeGreaterThan(KEYS.length / 2);
});

test('a document is read in turns, and one that ends too early is refused all the same', () => {
  const document = `<D>${'<a/>'.repeat(10_000)}`;
  expect([...parsingXml(`${document}</D>`, 'D')].length).toBeGreaterThan(100);
  const refused = expect.objectContaining({ code: 's3.malformed-xml' });
  expect(() => [...parsingXml(document, 'D')]).toThrow(refused);
});
