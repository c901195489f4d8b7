import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDirectory } from '../../tests/support/temporary-directory.ts';
import { HoldfastError } from './errors.ts';
import { connectRpc, type RpcClientOptions, type RpcServer, serveRpc } from './rpc.ts';

interface Greeter {
  greet(input: { readonly name: string }): Promise<{ readonly text: string }>;
  refuse(input: null): Promise<void>;
}

const CODE = Buffer.alloc(32, 1);
const OTHER_CODE = Buffer.alloc(32, 2);
let stack: AsyncDisposableStack;
let socketPath: string;
let greeted: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  socketPath = join(stack.use(await temporaryDirectory()).path, 's');
  greeted = [];
});
afterEach(async () => stack.disposeAsync());

async function serve(code = CODE): Promise<RpcServer> {
  const methods: Greeter = {
    greet: async ({ name }) => {
      greeted.push(name);
      return { text: `hello ${name}` };
    },
    refuse: async () => {
      throw new HoldfastError({ code: 'greeter.shy', kind: 'conflict', message: 'not now', hint: 'ask later' });
    },
  };
  return stack.adopt(await serveRpc({ socketPath, methods, code }), (server) => server.close());
}

const client = (options: Partial<RpcClientOptions> = {}) =>
  connectRpc<Greeter>({ socketPath, code: CODE, role: 'control', peer: 'greeter', ...options });

test('a call crosses with its answer, an error with its code and hint', async () => {
  await serve();
  const greeter = client();
  expect(await greeter.greet({ name: 'Größe' })).toEqual({ text: 'hello Größe' });
  await expect(greeter.refuse(null)).rejects.toMatchObject({
    code: 'greeter.shy',
    kind: 'conflict',
    hint: 'ask later',
  });
  expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
});

test('names of Object are no methods', async () => {
  await serve();
  const strange = client() as unknown as { toString(input: null): Promise<unknown> };
  await expect(strange.toString(null)).rejects.toMatchObject({ code: 'rpc.unknown' });
});

test('a role that is not there can be asked again later', async () => {
  const unreachable = { code: 'rpc.unreachable', retryable: true, message: expect.stringContaining('ENOENT') };
  await expect(client().greet({ name: 'x' })).rejects.toMatchObject(unreachable);
});

test('a role that says nothing is given up', async () => {
  const silent = createServer().listen(socketPath);
  stack.defer(() => void silent.close());
  await once(silent, 'listening');
  const greeting = client({ timeoutMs: 20 }).greet({ name: 'x' });
  await expect(greeting).rejects.toMatchObject({ code: 'rpc.unreachable', message: 'greet: no answer in 20 ms' });
});

test('a role of other code is not called, until it is back with the same', async () => {
  const refusals: HoldfastError[] = [];
  const greeter = client({ onOtherCode: (error) => refusals.push(error) });
  const other = await serve(OTHER_CODE);
  const refused = { code: 'role.other-code', retryable: true, hint: expect.stringContaining('holdfast down') };
  await expect(greeter.greet({ name: 'a' })).rejects.toMatchObject(refused);
  await expect(greeter.greet({ name: 'b' })).rejects.toMatchObject(refused);
  expect(refusals.map(({ message }) => message)).toEqual(['the greeter role runs other code than the control role']);
  await other.close();

  const same = await serve();
  await greeter.greet({ name: 'c' });
  await same.close();
  await serve(OTHER_CODE);
  await expect(greeter.greet({ name: 'd' })).rejects.toMatchObject(refused);
  expect(refusals).toHaveLength(2);
  expect(greeted).toEqual(['c']);
});

test('who does not say that it runs the same code is told nothing but what runs here', async () => {
  await serve();
  const request = Buffer.from('POST /greet HTTP/1.1\r\nhost: x\r\ncontent-length: 12\r\n\r\n{"name":"a"}');
  const heard = async (bytes: Buffer) => {
    const socket = connect(socketPath).setEncoding('latin1');
    socket.end(bytes);
    return (await socket.toArray()).join('');
  };
  expect(await heard(request)).toBe(CODE.toString('latin1'));
  expect(await heard(Buffer.concat([OTHER_CODE, request]))).toBe(CODE.toString('latin1'));
  expect(greeted).toEqual([]);
  expect(await heard(Buffer.concat([CODE, request]))).toContain('hello a');
});

test('a server closes whoever is connected', async () => {
  const server = await serve();
  const silent = connect(socketPath).resume();
  await once(silent, 'data');
  const closed = once(silent, 'close');
  await server.close();
  await closed;
});
