import { giveBack } from '../../../core/owned-bytes.ts';
import { s3Errors } from '../errors.ts';

/**
 * Reads lines and byte counts from a stream of buffers, whatever its cuts; holds one buffer and at most one line.
 * The bytes that it gives are there until more is asked for: then the memory of their buffer is given back.
 */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  /** As it came; `#buffer` is what is left of it. */
  #received: Uint8Array = new Uint8Array();
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one and at most `limit` bytes. @throws HoldfastError `s3.incomplete-body` at the end */
  async some(limit: number): Promise<Buffer> {
    await this.#require();
    const bytes = this.#buffer.subarray(0, limit);
    this.#buffer = this.#buffer.subarray(bytes.length);
    return bytes;
  }

  /** Up to CRLF, without it. @throws HoldfastError `s3.invalid-request` when there is none in `limit` bytes */
  async line(limit: number): Promise<string> {
    let line = '';
    while (!line.endsWith('\n') && line.length < limit) {
      await this.#require();
      const at = this.#buffer.indexOf(10);
      const length = at < 0 ? this.#buffer.length : at + 1;
      line += (await this.some(Math.min(length, limit - line.length))).toString('latin1');
    }
    if (!line.endsWith('\r\n')) throw s3Errors.invalidRequest('the body is not aws-chunked');
    return line.slice(0, -2);
  }

  /** All that is left. @throws HoldfastError `s3.malformed-trailer` when it is more than `limit` bytes */
  async rest(limit: number): Promise<string> {
    let text = '';
    while (this.#buffer.length > 0 || (await this.#fill())) {
      text += (await this.some(limit + 1)).toString('latin1');
      if (text.length > limit) throw s3Errors.malformedTrailer('the trailer is too long');
    }
    return text;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #require(): Promise<void> {
    if (this.#buffer.length === 0 && !(await this.#fill())) {
      throw s3Errors.incompleteBody('the body ended before its last chunk');
    }
  }

  async #fill(): Promise<boolean> {
    while (this.#buffer.length === 0) {
      giveBack(this.#received);
      const { done, value } = await this.#source.next();
      if (done) return false;
      this.#received = value;
      this.#buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return true;
  }
}
