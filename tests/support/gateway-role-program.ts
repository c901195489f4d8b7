import { createLogger } from '../../src/core/log.ts';
import { startGatewayRole } from '../../src/objects/gateway-role.ts';
import { TEST_CODE } from './role-client.ts';

/** A gateway over the store whose socket is argv[2]; says where it is, and serves until it is ended. */
const [storeSocket = ''] = process.argv.slice(2);
const { port } = await startGatewayRole({
  code: TEST_CODE,
  storeSocket,
  host: '127.0.0.1',
  port: 0,
  region: 'local',
  accessLogMs: 200,
  log: createLogger('gateway', 'silent'),
});
console.log(JSON.stringify({ port }));
