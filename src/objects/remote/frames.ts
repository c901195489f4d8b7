import type { Socket } from 'node:net';
import { giveBack } from '../../core/owned-bytes.ts';

/** What the writer of a store and its gateways say to each other; the numbers are on the wire. */
export const FrameType = {
  /** Gateway: a method of the store and its arguments. */
  call: 1,
  answer: 2,
  refusal: 3,
  /** Bytes of a body, of an upload or of an answer. */
  body: 4,
  bodyEnd: 5,
  bodyFailed: 6,
  /** The receiver of a body has room for so many bytes more. */
  credit: 7,
  /** Gateway: the body of an object that it has opened. */
  read: 8,
  /** Gateway: it is done with an object that it has opened. */
  release: 9,
  /** Writer: buckets and keys as they are now. */
  state: 10,
  /** Gateway: it goes by that state from now on. */
  stateTaken: 11,
  /** Writer: the answer to the opening of a small object, with all its bytes. */
  opened: 12,
  /** Writer: where the gateway writes the body of its call. */
  place: 13,
  /** Gateway: it has, and the bytes are durable. */
  written: 14,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export interface Frame {
  readonly type: FrameType;
  /** The call that it belongs to; 0: none. */
  readonly stream: number;
  readonly payload: Buffer;
}

/** payload length 4 · stream 4 · type 1 · payload */
const HEADER_BYTES = 9;
const NOTHING: Buffer = Buffer.alloc(0);

/** What is put together from short pieces before it is written. */
const BLOCK_BYTES = 64 * 2 ** 10;
/** To copy more than that costs more than a write of its own. */
const COPIED_BYTES = 8 * 2 ** 10;

/**
 * Frames over a socket. Those of one turn of the event loop leave together: a call with its small body,
 * and what many calls have to say. A frame of a body
 * is handed on in pieces, as they arrive; every other one whole.
 */
export class FrameConnection {
  readonly #socket: Socket;
  readonly #onFrame: (frame: Frame) => void;
  #isCorked = false;
  /** Of the bytes before `#blockEnd`, those from `#blockStart` are still to be written. */
  #block = NOTHING;
  #blockStart = 0;
  #blockEnd = 0;
  #unread = NOTHING;
  /** Of a body's frame: bytes that are still to come. */
  #bodyLeft = 0;
  #bodyStream = 0;

  constructor(socket: Socket, onFrame: (frame: Frame) => void) {
    this.#socket = socket;
    this.#onFrame = onFrame;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  /** What the peer has not taken yet. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Takes the payload's bytes over. `more`: the payload's second half. */
  send(type: FrameType, stream: number, payload: Uint8Array = NOTHING, more: Uint8Array = NOTHING): void {
    if (!this.#socket.writable) return;
    if (!this.#isCorked) this.#cork();
    this.#reserve(HEADER_BYTES);
    this.#block.writeUInt32BE(payload.length + more.length, this.#blockEnd);
    this.#block.writeUInt32BE(stream, this.#blockEnd + 4);
    this.#block[this.#blockEnd + 8] = type;
    this.#blockEnd += HEADER_BYTES;
    this.#add(payload);
    this.#add(more);
  }

  #cork(): void {
    this.#isCorked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isCorked = false;
      this.#flush();
      this.#socket.uncork();
    });
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length > COPIED_BYTES) {
      this.#flush();
      this.#socket.write(bytes, () => giveBack(bytes));
      return;
    }
    this.#reserve(bytes.length);
    this.#block.set(bytes, this.#blockEnd);
    this.#blockEnd += bytes.length;
    giveBack(bytes);
  }

  /** A block is never written over: the system may not have taken its bytes yet. */
  #reserve(length: number): void {
    if (this.#blockEnd + length <= this.#block.length) return;
    this.#flush();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  #flush(): void {
    if (this.#blockEnd === this.#blockStart) return;
    this.#socket.write(this.#block.subarray(this.#blockStart, this.#blockEnd));
    this.#blockStart = this.#blockEnd;
  }

  #take(received: Buffer): void {
    const bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, received]) : received;
    let at = 0;
    for (;;) {
      at += this.#takeBody(bytes, at);
      if (bytes.length - at < HEADER_BYTES) break;
      const length = bytes.readUInt32BE(at);
      const stream = bytes.readUInt32BE(at + 4);
      const type = bytes.readUInt8(at + 8) as FrameType;
      const start = at + HEADER_BYTES;
      if (type === FrameType.body) {
        this.#bodyLeft = length;
        this.#bodyStream = stream;
        at = start;
        continue;
      }
      if (bytes.length < start + length) break;
      at = start + length;
      this.#onFrame({ type, stream, payload: bytes.subarray(start, at) });
    }
    this.#unread = at < bytes.length ? bytes.subarray(at) : NOTHING;
  }

  /** @returns how many bytes from `at` on were the body's */
  #takeBody(bytes: Buffer, at: number): number {
    if (this.#bodyLeft === 0 || bytes.length === at) return 0;
    const payload = bytes.subarray(at, at + this.#bodyLeft);
    this.#bodyLeft -= payload.length;
    this.#onFrame({ type: FrameType.body, stream: this.#bodyStream, payload });
    return payload.length;
  }
}
