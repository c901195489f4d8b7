import type { Socket } from 'node:net';

/** `gone`: it ended without a word. */
export type Peer = 'same-code' | 'other-code' | 'gone';

/**
 * Before anything else each side says which code it runs (`codeIdentity`): what may change with the code,
 * the form of frames included, is used only between equals.
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
