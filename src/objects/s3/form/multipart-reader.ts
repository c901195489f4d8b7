import { s3Errors } from '../errors.ts';

const CR = 13;
const CRLF = '\r\n';

/**
 * Reads multipart/form-data part by part, whatever its cuts (RFC 7578; RFC 2046 section 5.1.1).
 * Contents pass through; of everything else at most `headLimit` bytes are taken in.
 */
export class MultipartReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #delimiter: Buffer;
  readonly #headLimit: number;
  #headBytes = 0;
  /** The line end that belongs to a delimiter, before the first too. */
  #buffer: Buffer = Buffer.from(CRLF);

  constructor(source: AsyncIterable<Uint8Array>, boundary: string, headLimit: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`${CRLF}--${boundary}`);
    this.#headLimit = headLimit;
  }

  /** The header lines of the next part; `undefined` behind the last. What came before must have been read. */
  async nextPart(): Promise<readonly string[] | undefined> {
    while (this.#buffer.length < 2) await this.#more();
    if (this.#buffer.subarray(0, 2).toString('latin1') === '--') return undefined;
    if ((await this.#line()).trim() !== '') throw malformed();
    const lines: string[] = [];
    for (let line = await this.#line(); line !== ''; line = await this.#line()) lines.push(line);
    return lines;
  }

  /** The bytes up to the next delimiter. @throws HoldfastError `s3.incomplete-body` when there is none */
  async *content(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter);
      const sure = at < 0 ? this.#buffer.length - this.#possibleDelimiter() : at;
      if (sure > 0) yield this.#take(sure);
      if (at >= 0) return void this.#take(this.#delimiter.length);
      await this.#more();
    }
  }

  /** A content that counts as head: what stands before the first part, or a field. */
  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.content()) {
      this.#count(chunk.length);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Without its end; UTF-8, as browsers write the names of files. */
  async #line(): Promise<string> {
    let from = 0;
    for (;;) {
      const at = this.#buffer.indexOf(CRLF, from);
      if (at >= 0) {
        this.#count(at);
        const line = this.#take(at).toString('utf8');
        this.#take(CRLF.length);
        return line;
      }
      if (this.#headBytes + this.#buffer.length > this.#headLimit) throw tooLong();
      from = Math.max(0, this.#buffer.length - 1);
      await this.#more();
    }
  }

  #count(bytes: number): void {
    this.#headBytes += bytes;
    if (this.#headBytes > this.#headLimit) throw tooLong();
  }

  #take(bytes: number): Buffer {
    const taken = this.#buffer.subarray(0, bytes);
    this.#buffer = this.#buffer.subarray(bytes);
    return taken;
  }

  /** How many bytes at the end may be the beginning of a delimiter, in which there is one CR only. */
  #possibleDelimiter(): number {
    const from = Math.max(0, this.#buffer.length - this.#delimiter.length + 1);
    const at = this.#buffer.indexOf(CR, from);
    return at < 0 ? 0 : this.#buffer.length - at;
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw s3Errors.incompleteBody('the form ended before its last boundary');
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, chunk]) : chunk;
  }
}

export function malformed() {
  return s3Errors.malformedPost('The body of your POST request is not well-formed multipart/form-data.');
}

function tooLong() {
  return s3Errors.postFieldsTooLong('Your POST request fields preceding the upload file were too large.');
}
