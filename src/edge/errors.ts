import { HoldfastError } from '../core/errors.ts';

export const edgeErrors = {
  tableInvalid: (problem: string, cause?: unknown) =>
    new HoldfastError({
      code: 'edge.table-invalid',
      kind: 'invalid',
      message: `the route table is not valid: ${problem}`,
      cause,
    }),
};
