import { startGatewayRole } from '../../objects/gateway-role.ts';
import type { RoleContext, RunningRole } from '../role.ts';

export async function startGateway({ config, directory, code, log }: RoleContext): Promise<RunningRole> {
  return await startGatewayRole({
    storeSocket: directory.socket('store'),
    host: config.listenAddress,
    port: config.s3Port,
    region: config.region,
    requestLogging: config.s3RequestLog,
    code,
    accessLogMs: config.accessLogMs,
    log,
  });
}
