import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Of all connections of a thread: what has come is counted before more comes. */
const RECEIVED = Buffer.allocUnsafeSlow(256 * 2 ** 10);

/**
 * One keep-alive connection of a load generator, one request at a time. It looks for the end
 * of an answer and counts its bytes, and does no more: on the same machine every
 * cycle of the client is one that the server lacks.
 */
export class HttpConnection {
  readonly #address: Address;
  #socket: Socket;
  /** The server said that it ends the connection after this answer. */
  #isLast = false;
  /** The answer so far, while its head is not complete. */
  #head = '';
  /** Bytes of the body to come; `undefined` while the head is, or in a chunked body. */
  #remaining: number | undefined;
  #chunkedTail: string | undefined;
  #isHead = false;
  #status = 0;
  #waiting: PromiseWithResolvers<void> | undefined;

  private constructor(address: Address) {
    this.#address = address;
    this.#socket = this.#connect();
  }

  static async open(host: string, port: number): Promise<HttpConnection> {
    const connection = new HttpConnection({ host, port });
    await once(connection.#socket, 'connect');
    return connection;
  }

  #connect(): Socket {
    const callback = (length: number) => {
      this.#take(RECEIVED.subarray(0, length));
      return true;
    };
    const socket = connect({ ...this.#address, noDelay: true, onread: { buffer: RECEIVED, callback } });
    const fail = (error: Error) => socket === this.#socket && this.#waiting?.reject(error);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
    return socket;
  }

  /** Resolves when all of a successful answer is there. */
  exchange(head: Uint8Array, body: Uint8Array | undefined, isHead: boolean): Promise<void> {
    if (this.#isLast) {
      this.#socket.destroy();
      this.#socket = this.#connect();
    }
    this.#isLast = false;
    this.#waiting = Promise.withResolvers();
    this.#isHead = isHead;
    this.#head = '';
    this.#remaining = undefined;
    this.#chunkedTail = undefined;
    if (!body) this.#socket.write(head);
    else {
      this.#socket.cork();
      this.#socket.write(head);
      this.#socket.write(body);
      this.#socket.uncork();
    }
    return this.#waiting.promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#chunkedTail !== undefined) this.#takeChunked(bytes.toString('latin1'));
    else if (this.#remaining === undefined) this.#takeHead(bytes.toString('latin1'));
    else this.#takeBody(bytes.length);
  }

  #takeHead(text: string): void {
    this.#head += text;
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    this.#status = Number(this.#head.slice(9, 12));
    const fields = this.#head.slice(0, end);
    this.#isLast = fields.includes('\r\nConnection: close');
    const received = this.#head.slice(end + 4);
    if (this.#isHead || this.#status === 204) this.#finish();
    else if (/^transfer-encoding: *chunked/im.test(fields)) this.#takeChunked(received);
    else {
      this.#remaining = Number(/^content-length: *(\d+)/im.exec(fields)?.[1] ?? 0);
      this.#takeBody(received.length);
    }
  }

  #takeBody(length: number): void {
    this.#remaining = (this.#remaining ?? 0) - length;
    if (this.#remaining <= 0) this.#finish();
  }

  /** RFC 9112 section 7.1: a chunk of length 0 ends it. Bodies here are XML, which does not end so. */
  #takeChunked(text: string): void {
    this.#chunkedTail = ((this.#chunkedTail ?? '') + text).slice(-5);
    if (this.#chunkedTail === '0\r\n\r\n') this.#finish();
  }

  #finish(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (this.#status >= 200 && this.#status < 300) waiting?.resolve();
    else waiting?.reject(new Error(`the server answered ${this.#head.slice(0, 2000)}`));
  }
}
