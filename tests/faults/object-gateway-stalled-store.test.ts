import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { waitUntil } from '../../src/core/retry.ts';
import { startGatewayProcess, startObjectsProcess } from '../support/objects-process.ts';
import { requestHead } from '../support/s3-gateway.ts';
import { signRequest } from '../support/s3-signer.ts';
import { signedRequest } from '../support/signed-request.ts';

/** With such a body, more than a gateway keeps for its store. */
const GIVEN_UP = 1300;
const AT_A_TIME = 50;
const BODY = Buffer.alloc(125_000, 'x');

test('a gateway keeps a bounded part of what its stopped store is asked, however often clients give up and ask again', async () => {
  await using objects = await startObjectsProcess('data');
  await using gateway = await startGatewayProcess(objects);
  const [{ port }, { key }] = [gateway, objects];
  const path = '/data/a';
  expect((await signedRequest({ port, key }, { method: 'PUT', path, body: Buffer.from('before') })).status).toBe(200);

  let given = 0;
  const giveUp = async () => {
    const path = `/data/given-up-${given++}` as const;
    const headers = { host: `127.0.0.1:${port}`, 'content-length': `${BODY.length}` };
    const signed = signRequest(key, { method: 'PUT', path, headers, payload: 'UNSIGNED-PAYLOAD' });
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.end(Buffer.concat([Buffer.from(requestHead(`PUT ${path}`, signed)), BODY]));
    await once(socket, 'finish');
    socket.destroy();
  };
  const code = async (name: string) => {
    const request = { method: 'GET', path: `/data/${name}`, signal: AbortSignal.timeout(1000) };
    const answer = await signedRequest({ port, key }, request).catch(() => undefined);
    return answer && (/<Code>(\w+)/.exec(answer.bytes.toString())?.[1] ?? answer.bytes.toString());
  };

  process.kill(objects.pid, 'SIGSTOP');
  while (given < GIVEN_UP) await Promise.all(Array.from({ length: AT_A_TIME }, giveUp));
  await waitUntil(async () => (await code('a')) === 'SlowDown', { timeoutMs: 20_000, what: 'the gateway to refuse' });

  process.kill(objects.pid, 'SIGCONT');
  await waitUntil(async () => (await code('a')) === 'before', {
    timeoutMs: 60_000,
    what: 'the gateway to answer again',
  });
});
