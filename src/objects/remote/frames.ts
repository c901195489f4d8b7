import type { Socket } from 'node:net';

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

/**
 * Frames over a socket. Those of one turn of the event loop leave in one write: a call with its small body,
 * and what many calls have to say. A frame of a body
 * is handed on in pieces, as they arrive; every other one whole.
 */
export class FrameConnection {
  readonly #socket: Socket;
  readonly #onFrame: (frame: Frame) => void;
  #isCorked = false;
  #unread = NOTHING;
  /** Of a body's frame: bytes that are still to come. */
  #bodyLeft = 0;
  #bodyStream = 0;

  constructor(socket: Socket, onFrame: (frame: Frame) => void) {
    this.#socket = socket;
    this.#onFrame = onFrame;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  send(type: FrameType, stream: number, payload: Uint8Array = NOTHING): void {
    if (!this.#socket.writable) return;
    if (!this.#isCorked) this.#cork();
    const header = Buffer.allocUnsafe(HEADER_BYTES);
    header.writeUInt32BE(payload.length, 0);
    header.writeUInt32BE(stream, 4);
    header.writeUInt8(type, 8);
    this.#socket.write(header);
    if (payload.length > 0) this.#socket.write(payload);
  }

  #cork(): void {
    this.#isCorked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #take(received: Buffer): void {
    let bytes = this.#unread.length > 0 ? Buffer.concat([this.#unread, received]) : received;
    for (;;) {
      bytes = this.#takeBody(bytes);
      if (bytes.length < HEADER_BYTES) break;
      const length = bytes.readUInt32BE(0);
      const stream = bytes.readUInt32BE(4);
      const type = bytes.readUInt8(8) as FrameType;
      if (type === FrameType.body) {
        this.#bodyLeft = length;
        this.#bodyStream = stream;
        bytes = bytes.subarray(HEADER_BYTES);
        continue;
      }
      const end = HEADER_BYTES + length;
      if (bytes.length < end) break;
      this.#onFrame({ type, stream, payload: bytes.subarray(HEADER_BYTES, end) });
      bytes = bytes.subarray(end);
    }
    this.#unread = bytes;
  }

  /** @returns what is behind the body's bytes */
  #takeBody(bytes: Buffer): Buffer {
    if (this.#bodyLeft === 0 || bytes.length === 0) return bytes;
    const payload = bytes.subarray(0, this.#bodyLeft);
    this.#bodyLeft -= payload.length;
    this.#onFrame({ type: FrameType.body, stream: this.#bodyStream, payload });
    return bytes.subarray(payload.length);
  }
}
