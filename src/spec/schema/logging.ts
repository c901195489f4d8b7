import { z } from 'zod';
import { matching } from './fields.ts';
import { expected } from './found.ts';
import { key, takes } from './notes.ts';

/** Of the 1,024 bytes of a key; the rest is for what comes behind it. */
const MAX_PREFIX_BYTES = 768;
const PREFIX = `how keys begin, such as site/, in up to ${MAX_PREFIX_BYTES} bytes`;

function prefix() {
  const error = ({ input }: { readonly input?: unknown }) => expected(PREFIX, input);
  return takes(
    PREFIX,
    z.string({ error }).refine((text) => Buffer.byteLength(text) <= MAX_PREFIX_BYTES, { error }),
  );
}

export const logging = z.strictObject({
  bucket: key(matching(/^.+$/, 'the name of a bucket of this file'), 'Which bucket of this file the objects go to.'),
  prefix: key(
    prefix().optional(),
    'How their keys begin; the name of the bucket that is logged, and a slash, when absent.',
  ),
  byDate: key(
    z.enum(['request', 'delivery']).optional(),
    'Put account, region, bucket and a date into their keys: that of the requests, or that of the delivery.',
  ),
});
