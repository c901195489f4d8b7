import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { expect, test } from 'vitest';
import { type ObjectsProcess, startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { signRequest } from '../support/s3-signer.ts';

const ROUNDS = 1000;
const CLIENTS = 64;

test(`of ${CLIENTS} clients of two processes that put one key with If-None-Match: * one wins, in each of ${ROUNDS} rounds`, async () => {
  await using objects = await startObjectsProcess('data');
  await using gateway = await startGatewayProcess(objects);
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  try {
    const racers = Array.from({ length: CLIENTS }, (_, client) => `the bytes of client ${client}`);
    for (let round = 0; round < ROUNDS; round++) {
      const path = `/data/round-${round}`;
      const senders = [objects, gateway].map(({ port }) => sender({ port, key: objects.key }, agent, path));
      const answers = await Promise.all(racers.map((bytes, client) => senders[client % 2]?.('PUT', bytes)));
      const winners = racers.filter((_, client) => answers[client]?.status === 200);
      expect(winners, `round ${round}`).toHaveLength(1);
      expect(answers.filter((answer) => answer?.status === 412)).toHaveLength(CLIENTS - 1);
      const read = await Promise.all(senders.map((send) => send('GET')));
      expect(read).toEqual([0, 1].map(() => ({ status: 200, text: winners[0] })));
    }
  } finally {
    agent.destroy();
  }
});

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Signed once a method: what is signed does not depend on the body. */
function sender({ port, key }: Pick<ObjectsProcess, 'port' | 'key'>, agent: Agent, path: string) {
  const sign = (method: string, headers: Readonly<Record<string, string>>) =>
    signRequest(key, { method, path, headers: { host: `127.0.0.1:${port}`, ...headers }, payload: 'UNSIGNED-PAYLOAD' });
  const headers = { PUT: sign('PUT', { 'if-none-match': '*' }), GET: sign('GET', {}) };
  return async (method: 'PUT' | 'GET', body = ''): Promise<Answer> => {
    const sent = request({ port, host: '127.0.0.1', method, path, headers: headers[method], agent });
    if (method === 'PUT') sent.setHeader('content-length', Buffer.byteLength(body));
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: answer.statusCode, text: (await answer.toArray()).join('') };
  };
}
