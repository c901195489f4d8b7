import type { Command } from 'commander';
import { cliErrors } from '../../errors.ts';
import { printable } from '../../output/printable.ts';

export interface ObjectName {
  readonly bucket: string;
  /** Absent: the bucket itself. */
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
}

/** @throws HoldfastError `usage` for an empty key, or a version of no object: the request would be about the bucket */
export function checkedName<Name extends ObjectName>(name: Name): Name {
  const { key, versionId } = name;
  if (key === '') throw cliErrors.usage('the key is empty', 'name an object');
  if (key === undefined && versionId !== undefined) throw cliErrors.usage('a version is of an object', 'name its key');
  return name;
}

/** For a person. */
export function nameOfObject({ bucket, key, versionId }: ObjectName): string {
  const name = key === undefined ? bucket : `${bucket}/${printable(key)}`;
  return versionId === undefined ? name : `version ${versionId} of ${name}`;
}

/** The option of commands that can be about an old version. */
export function objectVersion(command: Command): Command {
  return command.option('--version-id <id>', 'an old version, see ls --versions');
}
