/**
 * Bytes to keep: at hand, or read once, in order, with back-pressure. When reading throws (client
 * gone, checksum or signature wrong) nothing is stored and the error is passed on.
 */
export type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** For who takes bytes as they come. */
export function piecesOf(body: Body): AsyncIterable<Uint8Array> {
  return body instanceof Uint8Array ? inOnePiece(body) : body;
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
