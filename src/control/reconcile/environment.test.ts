import { expect, test } from 'vitest';
import { instanceEnvironment, upperSnake } from './environment.ts';

const base = {
  app: 'photos',
  service: 'web',
  release: 3,
  instance: 'photos-web-v3-0-1',
  environment: { LOG_LEVEL: 'info' },
  secrets: { SESSION_KEY: 's' },
  key: { accessKeyId: 'AK', secretAccessKey: 'SK' },
  objects: { endpoint: 'http://127.0.0.1:7301', publicUrl: 'https://s3.example', region: 'local' },
};

const own = {
  HOLDFAST_APP: 'photos',
  HOLDFAST_SERVICE: 'web',
  HOLDFAST_RELEASE: '3',
  HOLDFAST_INSTANCE: 'photos-web-v3-0-1',
  LOG_LEVEL: 'info',
  SESSION_KEY: 's',
};

test('without a bucket, nothing about buckets', () => {
  expect(instanceEnvironment({ ...base, buckets: [] })).toEqual(own);
});

test('connected buckets: the first one under the plain names, each under its own', () => {
  const settings = { accessibility: 'public', versioning: false } as const;
  const buckets = [
    { name: 'images', realName: 'photos-images', settings: null },
    { name: 'publicFiles', realName: 'public-files', settings },
  ];
  expect(instanceEnvironment({ ...base, buckets })).toEqual({
    ...own,
    BUCKET_NAME: 'photos-images',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:7301',
    AWS_ACCESS_KEY_ID: 'AK',
    AWS_SECRET_ACCESS_KEY: 'SK',
    AWS_REGION: 'local',
    HOLDFAST_PUBLIC_S3_URL: 'https://s3.example',
    HOLDFAST_PUBLIC_BUCKETS: 'public-files',
    IMAGES_BUCKET_NAME: 'photos-images',
    PUBLIC_FILES_BUCKET_NAME: 'public-files',
  });
});

test.each([
  ['my-app-images', 'MY_APP_IMAGES'],
  ['myAppImages', 'MY_APP_IMAGES'],
  ['images.v2', 'IMAGES_V2'],
])('%s is %s', (name, variable) => {
  expect(upperSnake(name)).toBe(variable);
});
