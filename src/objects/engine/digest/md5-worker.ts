import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { giveBack, own } from '../../../core/owned-bytes.ts';

/** A thread that computes MD5, of many bodies at once; `Md5Thread` is its other end. */

export interface Md5Request {
  readonly body: number;
  /** The next ones. */
  readonly bytes?: Uint8Array | undefined;
  /** Nothing follows: `digest` is wanted, or the body was given up. */
  readonly end?: 'digest' | 'forget' | undefined;
}

/** To each request but `forget`. */
export interface Md5Answer {
  readonly body: number;
  /** In hex. */
  readonly digest?: string | undefined;
}

const hashes = new Map<number, Hash>();

parentPort?.on('message', ({ body, bytes, end }: Md5Request) => {
  const hash = hashes.get(body) ?? createHash('md5');
  if (bytes) {
    hash.update(bytes);
    giveBack(own(bytes));
  }
  if (end) hashes.delete(body);
  else hashes.set(body, hash);
  if (end === 'forget') return;
  const answer: Md5Answer = { body, digest: end && hash.digest('hex') };
  parentPort?.postMessage(answer);
});
