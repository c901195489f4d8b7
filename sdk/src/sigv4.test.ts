import { describe, expect, it } from 'vitest';
import { encodePath, presignQuery, type SignableRequest, sha256, signHeaders } from './sigv4.ts';

/** The examples of "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query Parameters", Amazon S3 API reference. */
const context = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  date: new Date('2013-05-24T00:00:00Z'),
};
const EMPTY = sha256('');

function request(overrides: Partial<SignableRequest>): SignableRequest {
  return { method: 'GET', host: 'examplebucket.s3.amazonaws.com', path: '/', query: {}, headers: {}, ...overrides };
}

function signatureOf(signable: SignableRequest, payloadHash = EMPTY): string | undefined {
  return /Signature=(\w+)$/.exec(signHeaders(signable, payloadHash, context).authorization ?? '')?.[1];
}

describe('the published SigV4 examples', () => {
  it('GET object with a range', () => {
    const headers = signHeaders(request({ path: '/test.txt', headers: { Range: 'bytes=0-9' } }), EMPTY, context);
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
  });

  it('PUT object', () => {
    const signature = signatureOf(
      request({
        method: 'PUT',
        path: encodePath('/test$file.text'),
        headers: { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      }),
      sha256('Welcome to Amazon S3.'),
    );
    expect(signature).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd');
  });

  it('a sub-resource', () => {
    const signature = signatureOf(request({ query: { lifecycle: '' } }));
    expect(signature).toBe('fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543');
  });

  it('list objects', () => {
    const signature = signatureOf(request({ query: { prefix: 'J', 'max-keys': '2' } }));
    expect(signature).toBe('34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
  });

  it('a presigned GET', () => {
    expect(presignQuery(request({ path: '/test.txt' }), 86400, context)).toBe(
      'X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });
});

describe('encodePath', () => {
  it('keeps unreserved characters and slashes, and encodes the rest as UTF-8', () => {
    expect(encodePath("/a b/é~!'()*+&=?#%")).toBe('/a%20b/%C3%A9~%21%27%28%29%2A%2B%26%3D%3F%23%25');
  });
});

it('a session token is signed, in headers and in URLs', () => {
  const temporary = { ...context, credentials: { ...context.credentials, sessionToken: 'tok/en' } };
  const headers = signHeaders(request({}), EMPTY, temporary);
  expect(headers['x-amz-security-token']).toBe('tok/en');
  expect(headers.authorization).toContain('x-amz-date;x-amz-security-token,');
  expect(presignQuery(request({}), 60, temporary)).toContain('X-Amz-Security-Token=tok%2Fen');
});
