import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { HoldfastError } from './errors.ts';
import { connectRpc, serveRpc } from './rpc.ts';

interface Greeter {
  greet(input: { readonly name: string }): Promise<{ readonly text: string }>;
  refuse(input: null): Promise<void>;
}

const greeter: Greeter = {
  greet: async ({ name }) => ({ text: `hello ${name}` }),
  refuse: async () => {
    throw new HoldfastError({ code: 'greeter.shy', kind: 'conflict', message: 'not now', hint: 'ask later' });
  },
};

test('a call crosses with its answer, an error with its code and hint', async () => {
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, 's');
  const server = await serveRpc<Greeter>(socket, greeter);
  const client = connectRpc<Greeter>(socket);
  expect(await client.greet({ name: 'Größe' })).toEqual({ text: 'hello Größe' });
  await expect(client.refuse(null)).rejects.toMatchObject({ code: 'greeter.shy', kind: 'conflict', hint: 'ask later' });
  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  await server.close();
});

test('names of Object are no methods', async () => {
  await using directory = await temporaryDirectory();
  const socket = join(directory.path, 's');
  const server = await serveRpc<Greeter>(socket, greeter);
  const client = connectRpc<{ toString(input: null): Promise<unknown> }>(socket);
  await expect(client.toString(null)).rejects.toMatchObject({ code: 'rpc.unknown' });
  await server.close();
});

test('a role that is not there can be asked again later', async () => {
  await using directory = await temporaryDirectory();
  const client = connectRpc<Greeter>(join(directory.path, 'absent'));
  await expect(client.greet({ name: 'x' })).rejects.toMatchObject({ code: 'rpc.unreachable', retryable: true });
});
