import { type RoleContext, type RunningRole, runRole } from './role.ts';
import type { RoleName } from './role-process.ts';

/** What each role starts; a role's process loads its own domain and no other. */
const roles: Readonly<
  Record<
    Exclude<RoleName, `gateway-${number}`> | 'gateway',
    () => Promise<(context: RoleContext) => Promise<RunningRole>>
  >
> = {
  objects: async () => (await import('./roles/objects.ts')).startObjects,
  edge: async () => (await import('./roles/edge.ts')).startEdge,
  gateway: async () => (await import('./roles/gateway.ts')).startGateway,
  control: async () => (await import('./roles/control.ts')).startControl,
};

export async function runNamedRole(name: string): Promise<void> {
  const kind = name.replace(/-\d+$/, '');
  if (!Object.hasOwn(roles, kind)) throw new Error(`there is no role "${name}"`);
  await runRole(name as RoleName, await roles[kind as keyof typeof roles]());
}
