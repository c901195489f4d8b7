import { HoldfastError } from '../core/errors.ts';

export const edgeErrors = {
  portInUse: (host: string, port: number, cause: unknown) =>
    new HoldfastError({
      code: 'port.in-use',
      kind: 'conflict',
      message: `port ${port} on ${host} is already in use by another program`,
      hint: 'choose another port with HOLDFAST_HTTP_PORT, or end the program that listens there',
      resource: `port ${port}`,
      cause,
    }),

  portForbidden: (host: string, port: number, cause: unknown) =>
    new HoldfastError({
      code: 'port.forbidden',
      kind: 'forbidden',
      message: `this user may not listen on port ${port} of ${host}`,
      hint: 'choose a port above 1023 with HOLDFAST_HTTP_PORT',
      resource: `port ${port}`,
      cause,
    }),

  tableInvalid: (problem: string, cause?: unknown) =>
    new HoldfastError({
      code: 'edge.table-invalid',
      kind: 'invalid',
      message: `the route table is not valid: ${problem}`,
      cause,
    }),
};
