import { createApi } from '../../control/api/api.ts';
import { startApiServer } from '../../control/api/server.ts';
import { createPlatform } from '../../control/create-platform.ts';
import { SecretVault } from '../../control/secret-vault.ts';
import { openState } from '../../control/state/state.ts';
import { systemClock } from '../../core/clock.ts';
import { readJsonFile, writeFileDurable } from '../../core/durable-files.ts';
import { reachableHost } from '../../core/listen.ts';
import { MasterKey } from '../../core/master-key.ts';
import { connectRpc } from '../../core/rpc.ts';
import type { EdgeAdmin } from '../../edge/edge-admin.ts';
import type { ObjectAdmin } from '../../objects/object-admin.ts';
import type { HostConfig } from '../config.ts';
import { openBuilder, openFilesystemDriver, openServiceDriver, openVolumeDriver } from '../drivers.ts';
import type { RoleContext, RunningRole } from '../role.ts';
import { version } from '../version.ts';

interface CliFile {
  readonly url: string;
  readonly token: string;
}

export async function startControl({ config, directory, code, onOtherCode, log }: RoleContext): Promise<RunningRole> {
  const peerOf = (peer: 'edge' | 'objects') => ({
    socketPath: directory.socket(peer),
    code,
    role: 'control',
    peer,
    onOtherCode,
  });
  const state = await openState(directory.stateFile);
  const masterKey = await MasterKey.open(directory.masterKey(config.masterKeyFile));
  if (!masterKey.isConfirmed) await new SecretVault(state, masterKey.keyring).check();
  const control = createPlatform({
    dataDirectory: directory.root,
    state,
    services: await openServiceDriver(directory, config),
    volumes: await openVolumeDriver(directory),
    filesystems: await openFilesystemDriver(directory),
    builder: openBuilder(directory),
    edge: connectRpc<EdgeAdmin>(peerOf('edge')),
    objects: connectRpc<ObjectAdmin>(peerOf('objects')),
    masterKey,
    clock: systemClock,
    log,
    config: {
      httpPort: config.httpPort,
      s3Endpoint: address(config, config.s3Port),
      s3PublicUrl: address(config, config.s3Port),
      region: config.region,
      hostName: 'localhost',
    },
  });
  const api = createApi({
    platform: control.platform,
    verifyToken: (token) => state.tokens.verify(token),
    uploadDirectory: directory.uploads,
    allowedHosts: config.apiHosts,
    version,
    log,
  });
  const server = await startApiServer({ api, host: config.listenAddress, port: config.apiPort });
  const kept = await readJsonFile<CliFile>(directory.cliFile);
  const token = await state.tokens.ensureRootToken(kept?.token, Date.now());
  if (kept?.url !== server.url || kept.token !== token) {
    await writeFileDurable(directory.cliFile, JSON.stringify({ url: server.url, token } satisfies CliFile));
  }
  await control.start();
  return {
    async close() {
      await server.close({ graceMs: 2000 });
      await control.stop();
      await state.close();
    },
  };
}

function address(config: HostConfig, port: number): string {
  return `http://${reachableHost(config.listenAddress)}:${port}`;
}
