import { HoldfastError } from '../../core/errors.ts';
import { formatBytes } from '../../core/units.ts';

/** What the gateway itself refuses; everything else comes from the platform. */
export const apiErrors = {
  unauthenticated: (reason: string) =>
    new HoldfastError({
      code: 'token.invalid',
      kind: 'unauthenticated',
      message: reason,
      hint: 'the token is in cli.json of the data directory; pass it as HOLDFAST_TOKEN, or in "Authorization: Bearer <token>"',
    }),

  hostNotAllowed: (host: string) =>
    new HoldfastError({
      code: 'host.not-allowed',
      kind: 'forbidden',
      message: `the API does not answer to the host name "${host}"`,
      hint: 'use localhost or 127.0.0.1, or name the host in HOLDFAST_API_HOSTS when the platform starts',
    }),

  requestInvalid: (message: string) =>
    new HoldfastError({
      code: 'request.invalid',
      kind: 'invalid',
      message,
      hint: 'GET /openapi.json describes every request',
    }),

  bodyTooLarge: (limit: number) =>
    new HoldfastError({
      code: 'request.too-large',
      kind: 'invalid',
      message: `the request is larger than ${formatBytes(limit)}`,
      hint: 'send less at once; source archives go to POST /v1/uploads',
    }),

  noSuchRoute: (method: string, path: string) =>
    new HoldfastError({
      code: 'route.unknown',
      kind: 'not-found',
      message: `there is no ${method} ${path}`,
      hint: 'GET /openapi.json lists every path',
    }),

  uploadTooLarge: (limit: number) =>
    new HoldfastError({
      code: 'upload.too-large',
      kind: 'invalid',
      message: `the source archive is larger than ${formatBytes(limit)}`,
      hint: 'name what the app does not need in .holdfastignore; files that users bring belong in a bucket',
    }),

  uploadDamaged: () =>
    new HoldfastError({
      code: 'upload.damaged',
      kind: 'invalid',
      message: 'the source archive does not have the checksum that came with it',
      hint: 'send it again; nothing was kept',
      retryable: true,
    }),

  uploadUnknown: (id: string) =>
    new HoldfastError({
      code: 'upload.not-found',
      kind: 'not-found',
      message: `there is no upload "${id}" that waits for a deployment`,
      hint: 'an upload serves one deployment and is kept for a day; send the source again',
      resource: `upload ${id}`,
    }),

  storageUnknown: (kind: string, id: string, guess: string | undefined) =>
    new HoldfastError({
      code: `${kind}.not-found`,
      kind: 'not-found',
      message: `there is no ${kind} "${id}"`,
      hint: guess ? `did you mean "${guess}"?` : `list what there is: ${LIST_COMMAND[kind]}`,
      resource: `${kind} ${id}`,
    }),

  storageAmbiguous: (kind: string, name: string, ids: readonly string[]) =>
    new HoldfastError({
      code: `${kind}.ambiguous`,
      kind: 'conflict',
      message: `${ids.length} ${kind}s are named "${name}"`,
      hint: `give one of their ids: ${ids.join(', ')}`,
      resource: `${kind} ${name}`,
    }),
} as const;

const LIST_COMMAND: Readonly<Record<string, string>> = {
  bucket: '`holdfast object-store list`',
  volume: '`holdfast volumes list`',
  filesystem: '`holdfast filesystems list`',
};
