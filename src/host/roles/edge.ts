import { startEdgeRole } from '../../edge/edge-role.ts';
import type { RoleContext, RunningRole } from '../role.ts';

export async function startEdge({ config, directory, code, onOtherCode, log }: RoleContext): Promise<RunningRole> {
  return await startEdgeRole({
    host: config.listenAddress,
    port: config.httpPort,
    adminSocket: directory.socket('edge'),
    websiteSocket: directory.socket('sites'),
    cache: config.edgeCacheBytes > 0 ? { directory: directory.edgeCache, maxBytes: config.edgeCacheBytes } : undefined,
    tablePath: directory.edgeTable,
    code,
    onOtherCode,
    log,
  });
}
