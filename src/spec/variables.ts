import type { Path } from './schema/validate.ts';

type Value = string | number | boolean;
export type Environment = Readonly<Record<string, Value>> | readonly { readonly name: string; readonly value: Value }[];

export interface Variable {
  readonly name: string;
  readonly value: string;
  /** Below the `environment` key. */
  readonly path: Path;
}

/** The two forms of `environment` as one. */
export function variablesOf(environment: Environment): Variable[] {
  if (isList(environment)) {
    return environment.map(({ name, value }, i) => ({ name, value: String(value), path: [i, 'name'] }));
  }
  return Object.entries(environment).map(([name, value]) => ({ name, value: String(value), path: [name] }));
}

function isList(environment: Environment): environment is Extract<Environment, readonly unknown[]> {
  return Array.isArray(environment);
}
