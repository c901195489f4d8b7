import { HoldfastError } from '../core/errors.ts';

export const objectsRoleErrors = {
  portInUse: (host: string, port: number, cause: unknown) =>
    new HoldfastError({
      code: 'port.in-use',
      kind: 'conflict',
      message: `port ${port} on ${host}, meant for the S3 API, is already in use by another program`,
      hint: 'choose another port with HOLDFAST_S3_PORT, or end the program that listens there',
      resource: `port ${port}`,
      cause,
    }),

  portForbidden: (host: string, port: number, cause: unknown) =>
    new HoldfastError({
      code: 'port.forbidden',
      kind: 'forbidden',
      message: `this user may not listen on port ${port} of ${host}`,
      hint: 'choose a port above 1023 with HOLDFAST_S3_PORT',
      resource: `port ${port}`,
      cause,
    }),
};
