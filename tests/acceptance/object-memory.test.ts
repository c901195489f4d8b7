import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type ObjectsProcess, startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signRequest } from '../support/s3-signer.ts';

const MIB = 2 ** 20;
/** Enough for what the process takes whatever the number of transfers, above all what the collector leaves lying. */
const FEW = 4;
const MANY = 64;
const OBJECT_BYTES = 12 * MIB;
const BYTES_PER_TRANSFER = 2 * MIB;
const CHUNK = Buffer.alloc(256 * 1024, 'some bytes of a large object, ');

/** Who is asked, and whose memory it takes. */
type Server = Pick<ObjectsProcess, 'pid' | 'port' | 'key'>;

const SERVERS: Readonly<Record<string, (objects: ObjectsProcess, ends: AsyncDisposableStack) => Promise<Server>>> = {
  'the objects role': async (objects) => objects,
  'a gateway': async (objects, ends) => {
    const { pid, port } = ends.use(await startGatewayProcess(objects));
    return { pid, port, key: objects.key };
  },
};

describe.skipIf(process.platform !== 'linux').each(Object.entries(SERVERS))(
  'memory of %s (needs /proc)',
  (_, serverOf) => {
    test(`${MANY} large uploads at once take less than 2 MiB each`, async () => {
      await using ends = new AsyncDisposableStack();
      const server = await serverOf(ends.use(await startObjectsProcess('data')), ends);
      const growth = await growthPerTransfer(server.pid, (count) => {
        return atOnce(count, (client) => upload(server, `large-${client}`));
      });
      expect(growth).toBeLessThan(BYTES_PER_TRANSFER);
    });

    test(`${MANY} readers that stop to read take less than 2 MiB each`, async () => {
      await using ends = new AsyncDisposableStack();
      const server = await serverOf(ends.use(await startObjectsProcess('data')), ends);
      await upload(server, 'large');
      const growth = await growthPerTransfer(server.pid, async (count) => {
        const answers = await atOnce(count, () => answerTo(send(server, 'GET', 'large').end()));
        await sleep(1500); // in which the store could read on
        for (const answer of answers) answer.destroy();
      });
      expect(growth).toBeLessThan(BYTES_PER_TRANSFER);
    });
  },
);

function atOnce<T>(count: number, transfer: (client: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, client) => transfer(client)));
}

async function growthPerTransfer(pid: number, transfer: (count: number) => Promise<unknown>): Promise<number> {
  await transfer(FEW);
  const few = await peakMemory(pid);
  await transfer(MANY);
  return ((await peakMemory(pid)) - few) / (MANY - FEW);
}

/** The most that was resident at any time, bytes; see proc(5). */
async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

async function upload(server: Server, name: string): Promise<void> {
  const sent = send(server, 'PUT', name);
  sent.setHeader('content-length', OBJECT_BYTES);
  const answered = answerTo(sent);
  for (let left = OBJECT_BYTES; left > 0; left -= CHUNK.length) {
    if (!sent.write(CHUNK)) await once(sent, 'drain');
  }
  sent.end();
  (await answered).resume();
}

async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

function send({ port, key }: Server, method: string, name: string): ClientRequest {
  const [host, path] = ['127.0.0.1', `/data/${name}`];
  const signed = { method, path, headers: { host: `${host}:${port}` }, payload: 'UNSIGNED-PAYLOAD' };
  return request({ port, host, method, path, headers: signRequest(key, signed), agent: false });
}
