import { HoldfastError } from '../../core/errors.ts';

/** What S3 has a code for is that nothing has the key that was asked for, here an empty one. */
export const noIndexDocument = (bucket: string) =>
  new HoldfastError({
    code: 'object.not-found',
    kind: 'not-found',
    message: `the bucket ${bucket} has no index document, so nothing is shown at /`,
    hint: 'name one: `holdfast object-store website set`, or `website` in the app file',
    resource: `bucket ${bucket}`,
  });

export const domainTaken = (domain: string, owner: string) =>
  new HoldfastError({
    code: 'bucket.domain-taken',
    kind: 'conflict',
    message: `${domain} is the domain of the bucket ${owner} already`,
    hint: `take it out of the app file that has ${owner}, from that bucket with \`holdfast object-store update\`, or destroy that for good, first`,
    resource: `bucket ${owner}`,
  });
