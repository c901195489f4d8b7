import { objectUrl } from '../object-url.ts';
import { type Operation, type S3Request, type S3Response, xmlResponse } from '../operation.ts';
import { storeObject } from './put-object.ts';

/** An upload by form. */
export const postObject: Operation = {
  name: 'PostObject',
  action: 'write-object',
  async handle(request, context) {
    const { headers = {} } = await storeObject(request, context, 'post');
    return formAnswer(request, headers);
  },
};

/** 204 unless the form asks for something else (S3 API, "POST Object", Response). */
function formAnswer({ bucket, key, headers }: S3Request, stored: Readonly<Record<string, string>>): S3Response {
  const location = objectUrl(headers, { bucket, key });
  const answer = { ...stored, location };
  const redirect = redirectTarget(headers.get('success_action_redirect') ?? headers.get('redirect'));
  if (redirect) {
    for (const [name, value] of Object.entries({ bucket, key, etag: stored.etag ?? '' })) {
      redirect.searchParams.append(name, value);
    }
    return { status: 303, headers: { ...stored, location: redirect.href } };
  }
  const status = headers.get('success_action_status');
  if (status !== '201') return { status: status === '200' ? 200 : 204, headers: answer };
  const content = { Location: location, Bucket: bucket, Key: key, ETag: stored.etag };
  return xmlResponse('PostResponse', content, { status: 201, headers: answer });
}

/** What is no URL of a page is as if it was not there. */
function redirectTarget(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}
