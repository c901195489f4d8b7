/** Runs an edge on the table of another one: `edge-child.ts <tablePath> [websiteSocket cacheDirectory]`. */
import { createLogger } from '../../../src/core/log.ts';
import { startEdgeRole } from '../../../src/edge/edge-role.ts';
import { TEST_CODE } from '../../support/role-client.ts';

const [tablePath = '', websiteSocket, directory] = process.argv.slice(2);
const edge = await startEdgeRole({
  code: TEST_CODE,
  port: 0,
  host: '127.0.0.1',
  adminSocket: `${tablePath}.sock`,
  tablePath,
  websiteSocket,
  cache: directory === undefined ? undefined : { directory, maxBytes: 64 * 2 ** 20 },
  log: createLogger('edge', 'silent'),
});
process.on('message', () => process.send?.({ peak: process.resourceUsage().maxRSS * 1024 }));
process.on('disconnect', () => process.exit());
process.send?.({ port: edge.port });
