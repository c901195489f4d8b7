/** One version of an object; without `versionId` the object as it is now. */
export interface ObjectVersionId {
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface HeadOptions {
  /** An old version. */
  readonly versionId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function versionQuery(versionId: string | undefined): Record<string, string> {
  return versionId === undefined ? {} : { versionId };
}
