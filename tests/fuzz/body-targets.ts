import { createHash } from 'node:crypto';
import type { Payload } from '../../src/objects/access/authenticate.ts';
import { ChunkSignatures } from '../../src/objects/access/chunk-signatures.ts';
import { deriveSigningKey, scopeText, sign } from '../../src/objects/access/signature-v4.ts';
import { receiveBody } from '../../src/objects/s3/body/request-body.ts';
import { readForm } from '../../src/objects/s3/form/form.ts';
import { piecesOf } from '../../src/objects/store/body.ts';
import type { Random } from '../simulation/random.ts';
import { BOUNDARY, encodeForm } from '../support/post-form.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutateBytes } from './mutation.ts';

const TIMESTAMP = '20260102T030405Z';
const SCOPE = { date: '20260102', region: 'test', service: 's3' };
const KEY = deriveSigningKey('a secret that no input contains', SCOPE);
const SEED = 'f'.repeat(64);
const TRAILER = 'x-amz-checksum-sha256';

const sha256 = (bytes: string | Uint8Array, encoding: 'hex' | 'base64' = 'hex') =>
  createHash('sha256').update(bytes).digest(encoding);

/** The sender's side of the chain of signatures (S3 API, "Transferring Payload in Multiple Chunks"). */
function encodeChunks(chunks: readonly Buffer[], { signed, trailer }: { signed: boolean; trailer: boolean }): Buffer {
  let previous = SEED;
  const context = `${TIMESTAMP}\n${scopeText(SCOPE)}`;
  const chunk = (bytes: Buffer): Buffer => {
    if (signed) {
      const text = `AWS4-HMAC-SHA256-PAYLOAD\n${context}\n${previous}\n${sha256('')}\n${sha256(bytes)}`;
      previous = sign(KEY, text);
    }
    const head = `${bytes.length.toString(16)}${signed ? `;chunk-signature=${previous}` : ''}\r\n`;
    return Buffer.concat([Buffer.from(head), bytes, Buffer.from(bytes.length > 0 ? '\r\n' : '')]);
  };
  const body = Buffer.concat([...chunks, Buffer.alloc(0)].map(chunk));
  if (!trailer) return Buffer.concat([body, Buffer.from('\r\n')]);
  const value = sha256(Buffer.concat(chunks), 'base64');
  const hash = sha256(`${TRAILER}:${value}\n`);
  const signature = sign(KEY, `AWS4-HMAC-SHA256-TRAILER\n${context}\n${previous}\n${hash}`);
  const tail = `${TRAILER}:${value}\r\n${signed ? `x-amz-trailer-signature:${signature}\r\n` : ''}\r\n`;
  return Buffer.concat([body, Buffer.from(tail)]);
}

async function* inPieces(bytes: Buffer, random: Random): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + random.between(1, 64);
    yield bytes.subarray(at, end);
    at = end;
  }
}

function randomBytes(random: Random, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => random.between(0, 255)));
}

/** What is taken is what was sent, byte by byte. */
function chunked(name: string, form: { readonly signed: boolean; readonly trailer: boolean }): FuzzTarget {
  return {
    name,
    async attempt(random) {
      const chunks = Array.from({ length: random.between(0, 3) }, () => randomBytes(random, random.between(1, 100)));
      const sent = Buffer.concat(chunks);
      const encoded = encodeChunks(chunks, form);
      const signatures = new ChunkSignatures(KEY, { timestamp: TIMESTAMP, scope: SCOPE, seed: SEED });
      const payload: Payload = { kind: 'chunked', trailer: form.trailer, ...(form.signed ? { signatures } : {}) };
      const headers = new Map([
        ['x-amz-decoded-content-length', String(sent.length)],
        ...(form.trailer ? [['x-amz-trailer', TRAILER] as const] : []),
      ]);
      const wire = random.chance(0.05) ? encoded : mutateBytes(encoded, random);
      const received: Uint8Array[] = [];
      const source = random.chance(0.5) ? wire : inPieces(wire, random);
      for await (const bytes of piecesOf(receiveBody(source, { headers, payload }).bytes)) received.push(bytes);
      if (!Buffer.concat(received).equals(sent)) throw new Error(`other bytes were taken: ${wire.toString('latin1')}`);
      return true;
    },
  };
}

/** What was not changed is read as it was sent; what was is read as something, or refused. */
const forms: FuzzTarget = {
  name: 'forms',
  async attempt(random) {
    const content = randomBytes(random, random.between(0, 200)).toString('latin1');
    const fields = { key: random.pick(['a', `\${filename}`, '']), [`f${random.between(0, 9)}`]: content.slice(0, 20) };
    const sent = Buffer.from(encodeForm(fields, { content, name: content.slice(0, 5).replace(/["\\\r\n]/g, '') }));
    const wire = random.chance(0.05) ? sent : mutateBytes(sent, random);
    const form = await readForm(inPieces(wire, random), BOUNDARY);
    const received: Uint8Array[] = [];
    for await (const bytes of form.file) received.push(bytes);
    if (wire === sent && Buffer.concat(received).toString() !== content) throw new Error('another file was taken');
    return true;
  },
};

export const bodyTargets: readonly FuzzTarget[] = [
  chunked('signed chunks', { signed: true, trailer: false }),
  chunked('signed chunks with a trailer', { signed: true, trailer: true }),
  chunked('unsigned chunks with a trailer', { signed: false, trailer: true }),
  forms,
];
