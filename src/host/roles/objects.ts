import { MasterKey } from '../../core/master-key.ts';
import { startObjectsRole } from '../../objects/objects-role.ts';
import type { RoleContext, RunningRole } from '../role.ts';

export async function startObjects({ config, directory, code, onOtherCode, log }: RoleContext): Promise<RunningRole> {
  const masterKey = await MasterKey.open(directory.masterKey(config.masterKeyFile));
  return await startObjectsRole({
    directory: directory.objects,
    keyring: masterKey.keyring,
    isKeyringConfirmed: masterKey.isConfirmed,
    refreshKeyring: () => masterKey.refresh(),
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
