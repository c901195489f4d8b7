import { createHash, type KeyObject } from 'node:crypto';
import { accessErrors } from './errors.ts';
import { ALGORITHM, type CredentialScope, scopeText, sign, signaturesEqual } from './signature-v4.ts';

const EMPTY_HASH = createHash('sha256').digest('hex');

/** The chain of signatures of an aws-chunked body: each covers its chunk and the signature before it. */
export class ChunkSignatures {
  readonly #signingKey: KeyObject;
  readonly #context: string;
  #previous: string;

  /** `seed` is the signature of the request's head. */
  constructor(signingKey: KeyObject, { timestamp, scope, seed }: ChunkContext) {
    this.#signingKey = signingKey;
    this.#context = `${timestamp}\n${scopeText(scope)}`;
    this.#previous = seed;
  }

  /** @throws HoldfastError `access.signature` */
  verifyChunk(signature: string, sha256: string): void {
    this.#verify(signature, `${ALGORITHM}-PAYLOAD\n${this.#context}\n${this.#previous}\n${EMPTY_HASH}\n${sha256}`);
  }

  /**
   * `trailers` is one `name:value\n` a trailer.
   * @throws HoldfastError `access.signature`
   */
  verifyTrailer(signature: string, trailers: string): void {
    const sha256 = createHash('sha256').update(trailers).digest('hex');
    this.#verify(signature, `${ALGORITHM}-TRAILER\n${this.#context}\n${this.#previous}\n${sha256}`);
  }

  #verify(signature: string, text: string): void {
    const expected = sign(this.#signingKey, text);
    if (!signaturesEqual(expected, signature)) throw accessErrors.signature('the signature of a chunk does not match');
    this.#previous = expected;
  }
}

export interface ChunkContext {
  readonly timestamp: string;
  readonly scope: CredentialScope;
  readonly seed: string;
}
