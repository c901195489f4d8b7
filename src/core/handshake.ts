import { createServer, type Socket } from 'node:net';
import { HoldfastError } from './errors.ts';
import { listenOnSocket } from './listen.ts';

/** `gone`: it ended without a word. */
export type Peer = 'same-code' | 'other-code' | 'gone';

/**
 * Before anything else each side says which code it runs (`codeIdentity`): what may change with the code,
 * the form of messages included, is used only between equals.
 */
export async function shakeHands(socket: Socket, code: Buffer): Promise<Peer> {
  const { promise, resolve } = Promise.withResolvers<Peer>();
  const listen = () => {
    const said: Buffer | null = socket.read(code.length);
    if (said?.length === code.length) resolve(said.equals(code) ? 'same-code' : 'other-code');
  };
  const leave = () => resolve('gone');
  socket.on('error', () => {}); // `close` follows
  socket.on('readable', listen).on('close', leave);
  socket.write(code);
  const peer = await promise;
  socket.off('readable', listen).off('close', leave);
  return peer;
}

export interface EqualsListener {
  readonly socketPath: string;
  /** That this process runs, as `codeIdentity` names it. */
  readonly code: Buffer;
  /** A peer has shown that it runs the same. */
  readonly onEqual: (socket: Socket) => void;
  /** The first peer that runs other code, and the first after one that did not. */
  readonly onOther?: (() => void) | undefined;
}

/** At a Unix socket that only this user can open; peers of other code are turned away. `close` ends every connection. */
export async function listenForEquals(options: EqualsListener): Promise<{ close(): Promise<void> }> {
  const { socketPath, code, onEqual, onOther } = options;
  const sockets = new Set<Socket>();
  let last: Peer = 'same-code';
  const server = createServer(async (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const before = last;
    last = await shakeHands(socket, code);
    if (last === 'same-code') return onEqual(socket);
    socket.destroySoon();
    if (last === 'other-code' && before !== 'other-code') onOther?.();
  });
  await listenOnSocket(server, socketPath);
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The two roles may mean different things by the same words. */
export const otherCode = ({ role, peer }: { readonly role: string; readonly peer: string }) =>
  new HoldfastError({
    code: 'role.other-code',
    kind: 'unavailable',
    message: `the ${peer} role runs other code than the ${role} role`,
    hint: 'the platform was updated while it ran: if this does not pass in a moment, restart the platform with `holdfast down` and `holdfast up --detach`; apps go on meanwhile',
  });
