import type { Command } from 'commander';
import { printable } from '../../output/printable.ts';

export interface ObjectName {
  readonly bucket: string;
  /** Absent: the bucket itself. */
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
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
