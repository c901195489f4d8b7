import { HoldfastError } from '../../core/errors.ts';

export const domainTaken = (domain: string, owner: string) =>
  new HoldfastError({
    code: 'bucket.domain-taken',
    kind: 'conflict',
    message: `${domain} is the domain of the bucket ${owner} already`,
    hint: `take it out of the app file that has ${owner}, from that bucket with \`holdfast object-store update\`, or destroy that for good, first`,
    resource: `bucket ${owner}`,
  });
