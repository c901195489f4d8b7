import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a disk does. An errno where it fails. */
export interface NbdDisk {
  readonly bytes: number;
  readonly delayMs: number;
  read(offset: number, length: number): Buffer | number;
  write(offset: number, data: Buffer): number;
  flush(): number;
}

/** NBD protocol, "fixed newstyle" with simple replies: https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md */
const NBDMAGIC = 0x4e42444d41474943n;
const IHAVEOPT = 0x49484156454f5054n;
const OPTION_REPLY = 0x3e889045565a9n;
const REQUEST = 0x25609513;
const REPLY = 0x67446698;
const OPTION = { exportName: 1, abort: 2, info: 6, go: 7 };
const REPLY_TYPE = { ack: 1, info: 3, unsupported: 0x80000001 };
const COMMAND = { read: 0, write: 1, disconnect: 2, flush: 3 };
const FIXED_NEWSTYLE = 1;
const NO_ZEROES = 2;
/** Has flags, takes flushes. */
const TRANSMISSION_FLAGS = 1 | 4;
const EINVAL = 22;

/** Speaks to one client until it goes. */
export async function serveNbd(socket: Socket, disk: NbdDisk): Promise<void> {
  const input = new ByteReader(socket);
  try {
    await negotiate(socket, input, disk.bytes);
    for (;;) await serveRequest(socket, input, disk);
  } catch {
    socket.destroy();
  }
}

async function negotiate(socket: Socket, input: ByteReader, bytes: number): Promise<void> {
  const greeting = Buffer.alloc(18);
  greeting.writeBigUInt64BE(NBDMAGIC, 0);
  greeting.writeBigUInt64BE(IHAVEOPT, 8);
  greeting.writeUInt16BE(FIXED_NEWSTYLE | NO_ZEROES, 16);
  socket.write(greeting);
  await input.take(4);
  for (;;) {
    const head = await input.take(16);
    const option = head.readUInt32BE(8);
    await input.take(head.readUInt32BE(12));
    const facts = Buffer.alloc(12);
    facts.writeBigUInt64BE(BigInt(bytes), 2);
    facts.writeUInt16BE(TRANSMISSION_FLAGS, 10);
    if (option === OPTION.exportName) {
      socket.write(facts.subarray(2));
      return;
    }
    if (option === OPTION.abort) throw new Error('the client has gone');
    const isKnown = option === OPTION.go || option === OPTION.info;
    if (isKnown) socket.write(optionReply(option, REPLY_TYPE.info, facts));
    socket.write(optionReply(option, isKnown ? REPLY_TYPE.ack : REPLY_TYPE.unsupported));
    if (option === OPTION.go) return;
  }
}

function optionReply(option: number, type: number, data = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(OPTION_REPLY, 0);
  head.writeUInt32BE(option, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

async function serveRequest(socket: Socket, input: ByteReader, disk: NbdDisk): Promise<void> {
  const head = await input.take(28);
  if (head.readUInt32BE(0) !== REQUEST) throw new Error('not a request');
  const [type, offset, length] = [head.readUInt16BE(6), Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
  const data = type === COMMAND.write ? await input.take(length) : undefined;
  if (type === COMMAND.disconnect) throw new Error('the client has gone');
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(REPLY, 0);
  head.copy(reply, 8, 8, 16);
  if (disk.delayMs > 0) await sleep(disk.delayMs);
  const result = perform(disk, { type, offset, length, data });
  if (typeof result === 'number') reply.writeUInt32BE(result, 4);
  socket.write(reply);
  if (typeof result !== 'number') socket.write(result);
}

interface NbdRequest {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly data: Buffer | undefined;
}

function perform(disk: NbdDisk, { type, offset, length, data }: NbdRequest): Buffer | number {
  if (type === COMMAND.read) return disk.read(offset, length);
  if (data) return disk.write(offset, data);
  return type === COMMAND.flush ? disk.flush() : EINVAL;
}

/** Takes whole pieces from a stream. */
class ByteReader {
  readonly #pieces: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #bytes = 0;

  constructor(socket: Socket) {
    this.#pieces = socket[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes < length) {
      const { value, done } = await this.#pieces.next();
      if (done) throw new Error('the client has gone');
      this.#held.push(value);
      this.#bytes += value.length;
    }
    const all = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#bytes = all.length - length;
    this.#held = [all.subarray(length)];
    return all.subarray(0, length);
  }
}
