import { loadMasterKey } from '../../core/envelope.ts';
import { startObjectsRole } from '../../objects/objects-role.ts';
import type { RoleContext, RunningRole } from '../role.ts';

export async function startObjects({ config, directory, code, onOtherCode, log }: RoleContext): Promise<RunningRole> {
  return await startObjectsRole({
    directory: directory.objects,
    masterKey: await loadMasterKey(directory.root),
    host: config.listenAddress,
    port: config.s3Port,
    region: config.region,
    requestLogging: config.s3RequestLog,
    webhookAllow: config.webhookAllow,
    adminSocket: directory.socket('objects'),
    storeSocket: config.s3Gateways.most > 0 ? directory.socket('store') : undefined,
    websiteSocket: directory.socket('sites'),
    lifecycleMs: config.lifecycleMs,
    code,
    onOtherCode,
    accessLogMs: config.accessLogMs,
    log,
  });
}
