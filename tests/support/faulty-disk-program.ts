import { createServer, type Socket } from 'node:net';
import { type DiskCommand, DiskMemory } from './disk-memory.ts';
import { serveNbd } from './nbd-server.ts';

/** The disk itself, a process of its own: who uses it may hang in the kernel until it answers. argv: socket, bytes. */
const [socketPath = '', bytes = '0'] = process.argv.slice(2);
const disk = new DiskMemory(Number(bytes));
const server = createServer((socket: Socket) => serveNbd(socket, disk));
server.listen(socketPath, () => process.send?.('ready'));
process.on('message', ({ id, command }: { readonly id: number; readonly command: DiskCommand }) => {
  process.send?.({ id, result: disk.obey(command) });
});
process.once('disconnect', () => process.exit());
