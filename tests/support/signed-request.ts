import { type SignerKey, signRequest } from './s3-signer.ts';

export interface SignedAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Asks the S3 server on a port of this machine; `path` is `/bucket/key`. */
export async function signedRequest(
  { port, key }: { readonly port: number; readonly key: SignerKey },
  {
    method,
    path,
    ...init
  }: {
    readonly method: string;
    readonly path: string;
    readonly body?: Uint8Array<ArrayBuffer>;
    readonly signal?: AbortSignal;
  },
): Promise<SignedAnswer> {
  const host = `127.0.0.1:${port}`;
  const headers = signRequest(key, { method, path, headers: { host }, payload: 'UNSIGNED-PAYLOAD' });
  const answer = await fetch(`http://${host}${path}`, { method, headers, ...init });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}
