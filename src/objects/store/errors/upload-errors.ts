import { HoldfastError } from '../../../core/errors.ts';

/** What the store refuses of uploads by parts. Codes are stable. */
export const uploadErrors = {
  notFound: (uploadId: string) =>
    new HoldfastError({
      code: 'upload.not-found',
      kind: 'not-found',
      message: `there is no upload ${uploadId}`,
      hint: 'it was completed or aborted; start a new one',
      resource: `upload ${uploadId}`,
    }),
  invalidPart: (partNumber: number, reason: string) =>
    new HoldfastError({
      code: 'upload.part',
      kind: 'invalid',
      message: `part ${partNumber} ${reason}`,
      hint: 'list the parts of the upload, and name those with their ETags',
    }),
  partOrder: () =>
    new HoldfastError({
      code: 'upload.part-order',
      kind: 'invalid',
      message: 'the parts are not in ascending order',
      hint: 'sort the parts by number, each once',
    }),
  partTooSmall: (partNumber: number, minimum: number) =>
    new HoldfastError({
      code: 'upload.part-size',
      kind: 'invalid',
      message: `part ${partNumber} is smaller than ${minimum} bytes and not the last`,
      hint: 'upload larger parts',
    }),
  encryption: (cause: unknown) =>
    new HoldfastError({
      code: 'upload.encryption',
      kind: 'invalid',
      message: 'the encryption is not that of the upload',
      hint: "give every part the customer's key that the upload was started with, or none where it had none",
      cause,
    }),
};
