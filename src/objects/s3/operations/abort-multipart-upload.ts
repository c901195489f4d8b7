import type { MultipartUpload } from '../../store/upload.ts';
import { s3Errors } from '../errors.ts';
import { readUploadRef } from '../multipart.ts';
import type { Operation } from '../operation.ts';

export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  action: 'write-object',
  async handle(request, { store }) {
    const upload = readUploadRef(request);
    const time = request.headers.get('x-amz-if-match-initiated-time');
    if (time !== undefined) checkInitiated(time, await store.findUpload(upload));
    await store.abortUpload(upload);
    return { status: 204 };
  },
};

/** S3 has the condition for directory buckets alone; ignored, it would abort what the client meant to keep. */
function checkInitiated(text: string, { initiatedAt }: MultipartUpload): void {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw s3Errors.invalidArgument('x-amz-if-match-initiated-time is no time');
  if (inSeconds(time) !== inSeconds(initiatedAt)) {
    throw s3Errors.preconditionFailed('the upload was initiated at another time');
  }
}

function inSeconds(time: number): number {
  return Math.floor(time / 1000);
}
