import { createLogger } from '../../src/core/log.ts';
import { startGatewayRole } from '../../src/objects/gateway-role.ts';
import { TEST_CODE } from '../../tests/support/role-client.ts';

/** A gateway over the store whose socket is argv[2], on the port argv[3]. Ends with its parent. */
const [storeSocket = '', port = ''] = process.argv.slice(2);
const gateway = await startGatewayRole({
  code: TEST_CODE,
  storeSocket,
  port: Number(port),
  host: '127.0.0.1',
  region: 'us-east-1',
  log: createLogger('gateway', 'warn'),
});
process.once('disconnect', () => void gateway.close());
process.send?.('up');
