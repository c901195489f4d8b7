import { closeServer, includeInBudget, listenOnSocket } from '../../core/listen.ts';
import { createWebsiteServer, type WebsiteServerOptions } from './website-server.ts';

export interface WebsiteListenerOptions extends WebsiteServerOptions {
  readonly socketPath: string;
  /** How long requests under way may go on after `close`, milliseconds. */
  readonly closeMs?: number | undefined;
}

const DEFAULT_CLOSE_MS = 10_000;

/** The websites at their socket. `close` takes no more connections and lets requests under way end for a while. */
export async function listenWebsites(options: WebsiteListenerOptions): Promise<{ close(): Promise<void> }> {
  const { socketPath, closeMs = DEFAULT_CLOSE_MS } = options;
  const server = createWebsiteServer(options);
  includeInBudget(server);
  await listenOnSocket(server, socketPath);
  return { close: () => closeServer(server, closeMs) };
}
