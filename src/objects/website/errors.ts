import { HoldfastError } from '../../core/errors.ts';

export const domainTaken = (domain: string, owner: string) =>
  new HoldfastError({
    code: 'bucket.domain-taken',
    kind: 'conflict',
    message: `${domain} is the domain of the bucket ${owner} already`,
    hint: `take it out of the app file that has ${owner}, or destroy that bucket for good, first`,
    resource: `bucket ${owner}`,
  });
