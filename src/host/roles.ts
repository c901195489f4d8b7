import { type RoleContext, type RunningRole, runRole } from './role.ts';
import type { RoleName } from './role-process.ts';

/** What each role starts; a role's process loads its own domain and no other. */
const roles: Readonly<Record<RoleName, () => Promise<(context: RoleContext) => Promise<RunningRole>>>> = {
  objects: async () => (await import('./roles/objects.ts')).startObjects,
  edge: async () => (await import('./roles/edge.ts')).startEdge,
  control: async () => (await import('./roles/control.ts')).startControl,
};

export async function runNamedRole(name: string): Promise<void> {
  if (!Object.hasOwn(roles, name)) throw new Error(`there is no role "${name}"`);
  const role = name as RoleName;
  await runRole(role, await roles[role]());
}
