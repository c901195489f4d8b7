import { describe, expect, it } from 'vitest';
import { resolveConfig } from './config.ts';
import { StorageError } from './errors.ts';

const environment = {
  BUCKET_NAME: 'photos-images-7f3a',
  AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:7301',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'local',
};

describe('the bucket', () => {
  const several = {
    ...environment,
    IMAGES_BUCKET_NAME: 'photos-images-7f3a',
    USER_FILES_BUCKET_NAME: 'photos-files-11',
  };

  it('is BUCKET_NAME without a name', () => {
    expect(resolveConfig(undefined, {}, environment).bucket).toBe('photos-images-7f3a');
  });

  it('is found by the name of the resource', () => {
    expect(resolveConfig('images', {}, several).bucket).toBe('photos-images-7f3a');
    expect(resolveConfig('userFiles', {}, several).bucket).toBe('photos-files-11');
    expect(resolveConfig('user-files', {}, several).bucket).toBe('photos-files-11');
  });

  it('is found by its own name', () => {
    expect(resolveConfig('photos-files-11', {}, several).bucket).toBe('photos-files-11');
    expect(resolveConfig('my-app-images', {}, environment).bucket).toBe('my-app-images');
  });
});

describe('what is missing is named', () => {
  const needed = ['AWS_ENDPOINT_URL_S3', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'BUCKET_NAME'] as const;

  it.each(needed)('%s', (variable) => {
    for (const value of [undefined, '']) {
      const resolve = () => resolveConfig(undefined, {}, { ...environment, [variable]: value });
      expect(resolve).toThrow(StorageError);
      expect(resolve).toThrow(variable);
    }
  });

  it('an endpoint that is none is refused', () => {
    expect(() => resolveConfig('b', { endpoint: '127.0.0.1:7301' }, environment)).toThrow('is not a URL');
    expect(() => resolveConfig('b', { endpoint: 'localhost:7301' }, environment)).toThrow('must begin with http');
  });
});

it('options win over the environment; browsers get the public endpoint', () => {
  const config = resolveConfig(
    'b',
    { region: 'ewr', accessKeyId: 'other', secretAccessKey: 'key' },
    { ...environment, AWS_SESSION_TOKEN: 'token', HOLDFAST_PUBLIC_S3_URL: 'https://files.example.com' },
  );
  expect(config.region).toBe('ewr');
  expect(config.credentials).toEqual({ accessKeyId: 'other', secretAccessKey: 'key', sessionToken: undefined });
  expect(config.endpoint.origin).toBe('http://127.0.0.1:7301');
  expect(config.publicEndpoint.origin).toBe('https://files.example.com');
});

it('HOLDFAST_PUBLIC_BUCKETS says which are public', () => {
  const variables = { ...environment, HOLDFAST_PUBLIC_BUCKETS: 'assets, photos-images-7f3a' };
  expect(resolveConfig('assets', {}, variables).public).toBe(true);
  expect(resolveConfig(undefined, {}, variables).public).toBe(true);
  expect(resolveConfig('other', {}, variables).public).toBe(false);
  expect(resolveConfig('assets', { public: false }, variables).public).toBe(false);
});
