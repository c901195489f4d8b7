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
  /** Services of AWS are named, none of which calls here. */
  readonly services: boolean;
}

/** `logging.s3.amazonaws.com` */
const SERVICE = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/;

/** `"*"`, or `{"AWS": …}` with `*`, the account, or users, or `{"Service": …}`, each alone or in a list. */
export function readPrincipals(value: unknown): Principals {
  if (value === '*') return principalsNamed(['*'], []);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(value);
  const { AWS = [], Service = [], ...others } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) throw invalid(others);
  const [names, services] = [[AWS].flat(), [Service].flat()];
  if (names.length + services.length === 0) throw invalid(value);
  return principalsNamed(names, services);
}

function principalsNamed(names: readonly unknown[], services: readonly unknown[]): Principals {
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
  for (const name of services) {
    if (typeof name !== 'string' || !SERVICE.test(name)) throw invalid({ Service: name });
  }
  return { anyone, account, owners, services: services.length > 0 };
}

/** Whether it can apply to any request here. */
export function includesSomebody({ anyone, account, owners }: Principals): boolean {
  return anyone || account || owners.length > 0;
}

function invalid(value: unknown) {
  return accessErrors.policyMalformed(
    `Invalid principal in policy: ${JSON.stringify(value)}; use "*", ${ACCOUNT}, or ${USER_ARN}<app>/<service>`,
  );
}

export function includesIdentity({ anyone, account, owners }: Principals, identity: Identity): boolean {
  return anyone || (identity.kind === 'key' && (account || owners.includes(identity.owner)));
}
