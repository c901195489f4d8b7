import type { Socket } from 'node:net';
import { HoldfastError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { inBlocks } from '../store/body-blocks.ts';
import type { Deposit } from '../store/deposit.ts';
import type { ByteRange, ObjectRead } from '../store/object.ts';
import type { ObjectStore } from '../store/object-store.ts';
import { Credit, IncomingBody } from './body-flow.ts';
import {
  type BodyHead,
  type Call,
  type Headers,
  isPlainCall,
  lateHeaders,
  type Opened,
  pack,
  packAnswer,
  packOpened,
  type StateChange,
  unpack,
  type Written,
} from './calls.ts';
import { storeUnreachable } from './errors.ts';
import { ExpectedDeposit } from './expected-deposit.ts';
import { type Frame, FrameConnection, FrameType } from './frames.ts';

/** A gateway that does not take a change within this time, milliseconds, is cut off: it must not go by the old state. */
const STATE_TAKEN_MS = 5000;

/** Such an object goes with the answer to `open`: to ask for it costs more than to send it in vain. */
const SMALL_BYTES = 16 * 2 ** 10;

interface SessionOptions {
  readonly socket: Socket;
  readonly store: ObjectStore;
  readonly log: Logger;
}

interface Upload {
  readonly body: IncomingBody | ExpectedDeposit;
  readonly head: BodyHead;
}

interface OpenRead {
  readonly read: ObjectRead;
  readonly credit: Credit;
}

type BodyMethod = (request: { readonly body: AsyncIterable<Uint8Array> | Deposit }) => Promise<unknown>;

/** One gateway, as the writer sees it. When its connection ends, what it had under way is given up. */
export class StoreSession {
  readonly #options: SessionOptions;
  readonly #frames: FrameConnection;
  readonly #uploads = new Map<number, Upload>();
  readonly #reads = new Map<number, OpenRead>();
  readonly #untaken = new Map<number, () => void>();
  readonly ended: Promise<void>;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#frames = new FrameConnection(options.socket, (frame) => this.#take(frame));
    this.ended = new Promise((resolve) => {
      options.socket.once('close', () => {
        this.#giveUp();
        resolve();
      });
    });
    options.socket.on('error', () => {}); // `close` follows
  }

  /** Resolves when the gateway goes by it, or is gone. */
  async announce(change: StateChange): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#untaken.set(change.number, resolve);
    this.#frames.send(FrameType.state, 0, pack(change));
    const timer = setTimeout(() => this.#options.socket.destroy(), STATE_TAKEN_MS);
    await Promise.race([promise, this.ended]);
    clearTimeout(timer);
    this.#untaken.delete(change.number);
  }

  #take({ type, stream, payload }: Frame): void {
    switch (type) {
      case FrameType.call:
        void this.#perform(stream, unpack<Call>(payload));
        break;
      case FrameType.body:
        this.#takeBody(stream, payload);
        break;
      case FrameType.bodyEnd:
        this.#endBody(stream, unpack<Headers>(payload));
        break;
      case FrameType.written:
        this.#takeDeposit(stream, unpack<Written>(payload));
        break;
      case FrameType.bodyFailed:
        this.#uploads.get(stream)?.body.fail(storeUnreachable()); // the gateway knows better why
        break;
      case FrameType.credit:
        this.#reads.get(stream)?.credit.add(payload.readUInt32BE(0));
        break;
      case FrameType.read:
        void this.#sendBody(stream, unpack<ByteRange | null>(payload) ?? undefined);
        break;
      case FrameType.release:
        this.#release(stream);
        break;
      case FrameType.stateTaken:
        this.#untaken.get(payload.readUInt32BE(0))?.();
        break;
    }
  }

  async #perform(stream: number, call: Call): Promise<void> {
    try {
      if (call.method === 'open') await this.#open(stream, call.args as Parameters<ObjectStore['open']>);
      else this.#answer(stream, call.method, await this.#invoke(stream, call));
    } catch (cause) {
      const error = HoldfastError.from(cause);
      if (error.kind === 'internal') this.#options.log.error({ err: error, method: call.method }, error.message);
      this.#frames.send(FrameType.refusal, stream, pack(error.toJSON()));
    } finally {
      this.#uploads.delete(stream);
    }
  }

  #answer(stream: number, method: string, answer: unknown): void {
    this.#frames.send(FrameType.answer, stream, packAnswer(method, answer));
  }

  #invoke(stream: number, { method, args, deposit }: Call): Promise<unknown> {
    const { store } = this.#options;
    if (method === 'put' || method === 'putPart') {
      const head = args[0] as BodyHead;
      const body = deposit ? this.#expectDeposit(stream, head) : this.#expectBody(stream, head);
      return (store[method] as BodyMethod).call(store, { ...head, body });
    }
    if (!isPlainCall(method)) throw new Error(`no method "${method}"`);
    return (store[method] as (...args: unknown[]) => Promise<unknown>).apply(store, [...args]);
  }

  #expectBody(stream: number, head: BodyHead): AsyncIterable<Uint8Array> {
    const body = new IncomingBody((bytes) => this.#frames.send(FrameType.credit, stream, uint32(bytes)));
    this.#uploads.set(stream, { body, head });
    return inBlocks(body, head.size);
  }

  #expectDeposit(stream: number, head: BodyHead): Deposit {
    const body = new ExpectedDeposit((place) => this.#frames.send(FrameType.place, stream, pack(place)));
    this.#uploads.set(stream, { body, head });
    return body;
  }

  #takeBody(stream: number, bytes: Uint8Array): void {
    const body = this.#uploads.get(stream)?.body;
    if (body instanceof IncomingBody) body.push(bytes);
  }

  #endBody(stream: number, headers: Headers): void {
    const upload = this.#uploads.get(stream);
    if (!(upload?.body instanceof IncomingBody)) return;
    addHeaders(upload.head, headers);
    upload.body.end();
  }

  #takeDeposit(stream: number, { headers, ...deposited }: Written): void {
    const upload = this.#uploads.get(stream);
    if (!(upload?.body instanceof ExpectedDeposit)) return;
    addHeaders(upload.head, headers);
    upload.body.arrived(deposited);
  }

  async #open(stream: number, args: Parameters<ObjectStore['open']>): Promise<void> {
    const read = await this.#options.store.open(...args);
    const { info, bytes, stored } = read;
    if (bytes && bytes.length <= SMALL_BYTES) {
      read.release();
      return this.#frames.send(FrameType.opened, stream, packOpened(info), bytes);
    }
    if (this.#options.socket.destroyed) return read.release();
    this.#reads.set(stream, { read, credit: new Credit() });
    this.#frames.send(FrameType.answer, stream, pack({ info, stored } satisfies Opened));
  }

  async #sendBody(stream: number, range: ByteRange | undefined): Promise<void> {
    const opened = this.#reads.get(stream);
    if (!opened) return;
    try {
      for await (const bytes of opened.read.body(range)) {
        if (!(await opened.credit.take(bytes.length))) return;
        this.#frames.send(FrameType.body, stream, bytes);
      }
      this.#frames.send(FrameType.bodyEnd, stream);
    } catch (error) {
      this.#frames.send(FrameType.bodyFailed, stream, pack(HoldfastError.from(error).toJSON()));
    }
  }

  #release(stream: number): void {
    const opened = this.#reads.get(stream);
    this.#reads.delete(stream);
    opened?.credit.cancel();
    opened?.read.release();
  }

  #giveUp(): void {
    for (const { body } of this.#uploads.values()) body.fail(storeUnreachable());
    for (const stream of [...this.#reads.keys()]) this.#release(stream);
  }
}

function addHeaders(head: BodyHead, headers: Headers): void {
  Object.assign(lateHeaders(head) ?? {}, headers);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
