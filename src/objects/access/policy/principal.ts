import type { Identity } from '../authenticate.ts';
import { accessErrors } from '../errors.ts';

/** The one account there is; its id in ARNs. */
export const ACCOUNT = '000000000000';
const USER_ARN = `arn:aws:iam::${ACCOUNT}:user/`;

export function principalArn(owner: string): string {
  return USER_ARN + owner;
}

/** Whom a statement is about. */
export interface Principals {
  readonly anyone: boolean;
  /** Every key of this store. */
  readonly account: boolean;
  /** Owners of keys: `<app>/<service>`. */
  readonly owners: readonly string[];
}

/** `"*"`, or `{"AWS": …}` with `*`, the account, or users, alone or in a list. */
export function readPrincipals(value: unknown): Principals {
  if (value === '*') return { anyone: true, account: false, owners: [] };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(value);
  const entries = Object.entries(value);
  const names = entries.flatMap(([kind, one]) => {
    if (kind !== 'AWS') throw invalid({ [kind]: one });
    return Array.isArray(one) ? one : [one];
  });
  if (names.length === 0) throw invalid(value);
  const owners: string[] = [];
  let anyone = false;
  let account = false;
  for (const name of names) {
    if (name === '*') anyone = true;
    else if (name === ACCOUNT || name === `arn:aws:iam::${ACCOUNT}:root`) account = true;
    else if (typeof name === 'string' && name.length > USER_ARN.length && name.startsWith(USER_ARN)) {
      owners.push(name.slice(USER_ARN.length));
    } else throw invalid(name);
  }
  return { anyone, account, owners };
}

function invalid(value: unknown) {
  return accessErrors.policyMalformed(
    `Invalid principal in policy: ${JSON.stringify(value)}; use "*", ${ACCOUNT}, or ${USER_ARN}<app>/<service>`,
  );
}

export function includesIdentity({ anyone, account, owners }: Principals, identity: Identity): boolean {
  return anyone || (identity.kind === 'key' && (account || owners.includes(identity.owner)));
}
