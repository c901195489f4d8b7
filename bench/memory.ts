import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ObjectsProcess, startObjectsProcess } from '../tests/support/objects-process.ts';
import type { MemoryOptions } from './objects/arguments.ts';
import { presign } from './support/s3-endpoint.ts';

/** Their peak has what the process takes whatever the number of transfers. */
const FEW = 4;
const MIB = 2 ** 20;
const WARM_UP_BYTES = 32 * MIB;
const BUCKET = 'bench';
/** All that is uploaded, again and again. */
const BYTES = Buffer.alloc(MIB, 'some bytes of a large object, ');
const SAMPLE_MS = 250;
/** Memory that has not grown for so many samples will not: readers have got all that they get. */
const STEADY_SAMPLES = 12;

/** What uploads and readers that stop to read make the objects role take, each of them, at its peak. */
export async function benchMemory({ clients, sizeBytes }: MemoryOptions): Promise<void> {
  console.log(`Memory of the objects role on ${availableParallelism()} cores, Node ${process.version}; needs Linux`);
  await benchUploads(clients, sizeBytes);
  await benchReaders(clients, sizeBytes);
}

async function benchUploads(clients: number, sizeBytes: number): Promise<void> {
  await using server = await startObjectsProcess(BUCKET);
  const uploads = async (count: number, bytes: number) => {
    const startedAt = performance.now();
    await atOnce(count, (client) => upload(server, `upload-${client}`, bytes));
    return (count * bytes) / MIB / ((performance.now() - startedAt) / 1000);
  };
  await uploads(FEW, WARM_UP_BYTES);
  const few = await peakOf(server);
  const rate = await uploads(clients, sizeBytes);
  report(`${clients} uploads of ${mib(sizeBytes)} at once, ${rate.toFixed(0)} MiB/s`, clients, {
    few,
    many: await peakOf(server),
  });
  await atOnce(clients, async (client) => (await answerTo(send(server, 'DELETE', `upload-${client}`).end())).resume());
}

async function benchReaders(clients: number, sizeBytes: number): Promise<void> {
  await using server = await startObjectsProcess(BUCKET);
  await upload(server, 'read', sizeBytes);
  await stalledReaders(server, FEW, 'read');
  const few = await peakOf(server);
  await stalledReaders(server, clients, 'read');
  report(`${clients} readers of ${mib(sizeBytes)} that stopped`, clients, { few, many: await peakOf(server) });
}

function report(what: string, clients: number, { few, many }: { readonly few: number; readonly many: number }): void {
  console.log(
    `${what}: peak ${mib(many)}, of ${FEW} ${mib(few)}: ${mib((many - few) / (clients - FEW))} for each more`,
  );
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 2 : 0)} MiB`;
}

function atOnce<T>(count: number, transfer: (client: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, client) => transfer(client)));
}

/** The most that was resident at any time, bytes; see proc(5). */
async function peakOf({ pid }: ObjectsProcess): Promise<number> {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

async function upload(server: ObjectsProcess, key: string, sizeBytes: number): Promise<void> {
  const sent = send(server, 'PUT', key);
  sent.setHeader('content-length', sizeBytes);
  const answered = answerTo(sent);
  for (let left = sizeBytes; left > 0; left -= BYTES.length) {
    if (!sent.write(BYTES.subarray(0, left))) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  (await answered).resume();
}

/** They take an answer's head and then nothing, until the server has nothing more to give them. */
async function stalledReaders(server: ObjectsProcess, count: number, key: string): Promise<void> {
  const answers = await atOnce(count, () => answerTo(send(server, 'GET', key).end()));
  let peak = 0;
  for (let steady = 0; steady < STEADY_SAMPLES; steady++) {
    await sleep(SAMPLE_MS);
    const now = await peakOf(server);
    if (now > peak) steady = 0;
    peak = now;
  }
  for (const answer of answers) answer.destroy();
}

async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if ((answer.statusCode ?? 500) < 300) return answer;
  throw new Error(`the server answered ${answer.statusCode}: ${Buffer.concat(await answer.toArray())}`);
}

/** On a connection of its own. */
function send(
  { port, key: { accessKeyId, secretAccessKey } }: ObjectsProcess,
  method: string,
  key: string,
): ClientRequest {
  const target = { endpoint: `http://127.0.0.1:${port}`, bucket: BUCKET, accessKeyId, secretAccessKey };
  return request(presign(target, { method, key }), { method, agent: false });
}
