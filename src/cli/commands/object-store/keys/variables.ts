export interface S3Credentials {
  readonly bucket: string | undefined;
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** As a shell, a .env file and every S3 client read them. */
export function variables({ bucket, endpoint, region, accessKeyId, secretAccessKey }: S3Credentials): string {
  return Object.entries({
    ...(bucket === undefined ? {} : { BUCKET_NAME: bucket }),
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
