import type { IncomingMessage } from 'node:http';
import { inBlocks } from '../../store/body-blocks.ts';

/**
 * As `inBlocks`: the parser's pieces are copies for us alone. A reader that stops early leaves the request as it is.
 * @param size where it is known
 */
export function receiveBlocks(req: IncomingMessage, size?: number): AsyncGenerator<Uint8Array> {
  return inBlocks(req.iterator({ destroyOnReturn: false }), size);
}
