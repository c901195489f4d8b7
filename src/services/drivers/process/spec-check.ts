import { existsSync } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import type { InstanceSpec } from '../../service-driver.ts';
import { startRefused } from './errors.ts';
import { linkRefusal } from './links.ts';
import { mountRefusal } from './sandbox.ts';

/** Ids and names become names of files. */
const NAME = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** @throws HoldfastError `instance.start` for what could never start */
export function checkSpec(spec: InstanceSpec, sandbox: 'bubblewrap' | 'links'): void {
  const refuse = (message: string, hint?: string): never => {
    throw startRefused(spec.id, message, hint);
  };
  for (const name of [spec.id, spec.app, spec.service]) if (!NAME.test(name)) refuse(`"${name}" is not a name`);
  if (!spec.command[0]) refuse('its command is empty', 'give a startCommand or an entryfilePath');
  if (!existsSync(spec.rootDirectory)) refuse(`its app is not there (${spec.rootDirectory})`, 'deploy the app again');
  for (const [name, value] of Object.entries(spec.environment)) {
    if (!/^[^=\0]+$/.test(name) || value.includes('\0')) refuse(`the variable "${name}" cannot be passed on`);
  }
  for (const mount of spec.mounts) {
    const clean = isAbsolute(mount.mountPath) && normalize(mount.mountPath) === mount.mountPath;
    if (!clean || (mount.mountPath !== '/' && mount.mountPath.endsWith('/'))) {
      refuse(`mountPath ${mount.mountPath} is not a plain absolute path`, 'write it like /data');
    }
    if (!existsSync(mount.hostPath)) refuse(`the storage "${mount.name}" is not there (${mount.hostPath})`);
    const refusal = mountRefusal(mount);
    if (refusal) refuse(refusal, 'choose a path like /data or /mnt/data');
  }
  const refusal = sandbox === 'links' && linkRefusal(spec.mounts);
  if (refusal) refuse(refusal, 'install bubblewrap, or give each mount a directory of its own');
}
