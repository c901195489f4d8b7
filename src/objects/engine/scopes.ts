/** What commits read and change (`Commit.scopes`). */

export const objectScope = (bucket: number, key: string) => `object ${bucket} ${key}`;
export const bucketScope = (bucket: number) => `bucket ${bucket}`;
export const uploadScope = (uploadId: string) => `upload ${uploadId}`;
