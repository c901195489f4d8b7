import type { Socket } from 'node:net';
import { type ErrorDetails, HoldfastError } from '../../core/errors.ts';
import type { Deposited, DepositPlace } from '../store/deposit.ts';
import type { ByteRange } from '../store/object.ts';
import { Credit, IncomingBody } from './body-flow.ts';
import {
  type Call,
  type Opened,
  packCall,
  packText,
  type StateChange,
  unpack,
  unpackOpened,
  type Written,
} from './calls.ts';
import { storeBusy, storeUnreachable } from './errors.ts';
import { type Frame, FrameConnection, FrameType } from './frames.ts';
import { uint32 } from './store-session.ts';

/**
 * What waits for a store that is stopped, by its disk or by who stops processes, stays when its client has left
 * and asks again: beyond this it is refused. An upload that waits for its client does not count: it ends with it.
 */
const MOST_CALLS = 4096;
const MOST_UNSENT_BYTES = 128 * 2 ** 20;

interface PendingCall {
  readonly answer: PromiseWithResolvers<unknown>;
  readonly credit: Credit;
  /** Of its deposit, which does not begin when the call is refused before. */
  place?: PromiseWithResolvers<DepositPlace>;
}

/** A body to send with a call, and what is known when it has ended. */
export interface CallBody {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Where it is known. */
  readonly size: number | undefined;
  readonly end: () => Readonly<Record<string, string>> | undefined;
}

/** The bytes are durable when it resolves. */
export type WriteDeposit = (
  bytes: AsyncIterable<Uint8Array>,
  place: DepositPlace,
  size: number | undefined,
) => Promise<Deposited>;

/** One connection to the writer of a store. It ends once; then every call under way is refused. */
export class StoreConnection {
  readonly #socket: Socket;
  readonly #frames: FrameConnection;
  readonly #onState: (change: StateChange) => void;
  readonly #calls = new Map<number, PendingCall>();
  readonly #bodies = new Map<number, IncomingBody>();
  #lastStream = 0;
  /** Calls whose next bytes are still to come from the client. */
  #callsAtClients = 0;
  readonly ended: Promise<void>;

  constructor(socket: Socket, onState: (change: StateChange) => void) {
    this.#socket = socket;
    this.#onState = onState;
    this.#frames = new FrameConnection(socket, (frame) => this.#take(frame));
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#giveUp();
        resolve();
      });
    });
    socket.on('error', () => {}); // `close` follows
  }

  get isOver(): boolean {
    return this.#socket.destroyed;
  }

  call(call: Call): Promise<unknown> {
    return this.#begin(call).pending.answer.promise;
  }

  callWithBody(call: Call, { bytes, end }: CallBody): Promise<unknown> {
    return this.#transfer(call, async (stream, { credit }) => {
      await this.#send(stream, credit, bytes);
      this.#frames.send(FrameType.bodyEnd, stream, packText(end() ?? {}));
    });
  }

  /** Has the body written to where the store says, once it says so. */
  callWithDeposit(call: Call, { bytes, size, end }: CallBody, write: WriteDeposit): Promise<unknown> {
    const place = Promise.withResolvers<DepositPlace>();
    return this.#transfer({ ...call, deposit: true }, async (stream, pending) => {
      pending.place = place;
      const deposited = await write(this.#fromClient(bytes), await place.promise, size);
      const written: Written = { ...deposited, headers: end() ?? {} };
      this.#frames.send(FrameType.written, stream, packText(written));
    });
  }

  /**
   * A body that fails is told to the store, which then keeps nothing, and its error goes to the caller. Unless the
   * connection is over: what then fails, like the file of a deposit that the next store has removed, fails of that.
   */
  async #transfer(call: Call, bring: (stream: number, pending: PendingCall) => Promise<void>): Promise<unknown> {
    const { stream, pending } = this.#begin(call);
    const failure: { error?: unknown } = {};
    const bringing = bring(stream, pending).catch((error: unknown) => {
      failure.error = error;
      this.#frames.send(FrameType.bodyFailed, stream);
    });
    try {
      return await pending.answer.promise;
    } catch (error) {
      pending.credit.cancel();
      await bringing;
      throw 'error' in failure && !this.isOver ? failure.error : error;
    }
  }

  /** Without the store nobody wants the bytes any more. */
  async *#fromClient(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#fromClientNext(pieces);
        if (next.done) return;
        if (this.isOver) throw storeUnreachable();
        yield next.value;
      }
    } finally {
      await pieces.return?.();
    }
  }

  async #fromClientNext(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
    this.#callsAtClients += 1;
    try {
      return await pieces.next();
    } finally {
      this.#callsAtClients -= 1;
    }
  }

  async #send(stream: number, credit: Credit, body: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of this.#fromClient(body)) {
      if (!(await credit.take(bytes.length))) return;
      this.#frames.send(FrameType.body, stream, bytes);
    }
  }

  /** @returns the answer, and the stream by which the object is read and released */
  async open(call: Call): Promise<{ readonly stream: number; readonly opened: Opened }> {
    const { stream, pending } = this.#begin(call);
    return { stream, opened: (await pending.answer.promise) as Opened };
  }

  read(stream: number, range: ByteRange | undefined): AsyncIterable<Uint8Array> {
    const body = new IncomingBody((bytes) => this.#frames.send(FrameType.credit, stream, uint32(bytes)));
    if (this.#socket.destroyed) body.fail(storeUnreachable());
    this.#bodies.set(stream, body);
    this.#frames.send(FrameType.read, stream, packText(range ?? null));
    return body;
  }

  release(stream: number): void {
    this.#bodies.delete(stream);
    this.#frames.send(FrameType.release, stream);
  }

  #begin(call: Call) {
    if (this.#socket.destroyed) throw storeUnreachable();
    const waiting = this.#calls.size - this.#callsAtClients;
    if (waiting >= MOST_CALLS || this.#frames.unsentBytes >= MOST_UNSENT_BYTES) throw storeBusy();
    this.#lastStream = (this.#lastStream + 1) >>> 0 || 1;
    const stream = this.#lastStream;
    const pending: PendingCall = { answer: Promise.withResolvers(), credit: new Credit() };
    this.#calls.set(stream, pending);
    this.#frames.send(FrameType.call, stream, packCall(call));
    return { stream, pending };
  }

  #take({ type, stream, payload }: Frame): void {
    switch (type) {
      case FrameType.answer:
        this.#settle(stream)?.answer.resolve(unpack(payload));
        break;
      case FrameType.opened:
        this.#settle(stream)?.answer.resolve(unpackOpened(payload));
        break;
      case FrameType.refusal:
        refuse(this.#settle(stream), new HoldfastError(unpack<ErrorDetails>(payload)));
        break;
      case FrameType.credit:
        this.#calls.get(stream)?.credit.add(payload.readUInt32BE(0));
        break;
      case FrameType.body:
        this.#bodies.get(stream)?.push(payload);
        break;
      case FrameType.bodyEnd:
        this.#bodies.get(stream)?.end();
        break;
      case FrameType.bodyFailed:
        this.#bodies.get(stream)?.fail(new HoldfastError(unpack<ErrorDetails>(payload)));
        break;
      case FrameType.place:
        this.#calls.get(stream)?.place?.resolve(unpack<DepositPlace>(payload));
        break;
      case FrameType.state:
        this.#takeState(unpack<StateChange>(payload));
        break;
    }
  }

  #takeState(change: StateChange): void {
    this.#onState(change);
    this.#frames.send(FrameType.stateTaken, 0, uint32(change.number));
  }

  #settle(stream: number): PendingCall | undefined {
    const pending = this.#calls.get(stream);
    this.#calls.delete(stream);
    return pending;
  }

  #giveUp(): void {
    for (const [stream, pending] of this.#calls) {
      this.#calls.delete(stream);
      pending.credit.cancel();
      refuse(pending, storeUnreachable());
    }
    for (const body of this.#bodies.values()) body.fail(storeUnreachable());
  }
}

function refuse(pending: PendingCall | undefined, error: HoldfastError): void {
  pending?.answer.reject(error);
  pending?.place?.reject(error);
}
