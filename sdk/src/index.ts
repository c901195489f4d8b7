export type { StorageOptions } from './config.ts';
export type { ByteRange, OpenedObject, ReadOptions } from './download.ts';
export { StorageError } from './errors.ts';
export type { ListedObject, ListedPrefix, ListOptions } from './list.ts';
export type { ObjectInfo } from './object-headers.ts';
export type { PutData } from './source.ts';
export type { CopyOptions, PutOptions, PutResult, StoredObject } from './storage.ts';
export { Storage } from './storage.ts';
export type { UploadProgress } from './upload.ts';
