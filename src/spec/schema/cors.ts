import { z } from 'zod';
import { duration, filledList, matching } from './fields.ts';
import { expected } from './found.ts';
import { key, takes } from './notes.ts';

const ORIGIN = 'an origin, such as https://app.example.com or https://*.example.com, without a slash at its end';

/**
 * As browsers send it (RFC 6454, section 6.2): scheme, host and a port that is not the scheme's own.
 * One `*` stands for anything.
 */
function origin() {
  const error = ({ input }: { readonly input?: unknown }) => expected(ORIGIN, input);
  return takes(ORIGIN, z.string({ error }).max(255, { error }).refine(isOrigin, { error }));
}

function isOrigin(text: string): boolean {
  if (text === '*') return true;
  if (text.split('*').length > 2) return false;
  const plain = text.replace(/(?<=:\d*)\*/, '1').replace('*', 'x');
  if (!/^https?:/.test(plain)) return /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/.test(plain); // such as capacitor://localhost
  return URL.parse(plain)?.origin === plain;
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const;

/** A token (RFC 9110, section 5.6.2). */
const HEADER = /^[!#$%&'+\-.^_`|~0-9A-Za-z]{1,255}$/;
const HEADERS = /^(?=.{1,255}$)[!#$%&'+\-.^_`|~0-9A-Za-z]*\*?[!#$%&'+\-.^_`|~0-9A-Za-z]*$/;

const corsDefaults = {
  methods: [...METHODS],
  headers: ['*'],
  exposeHeaders: ['ETag', 'Accept-Ranges', 'Content-Range', 'x-amz-version-id'],
  maxAge: 3_600_000,
};

const corsRule = z.strictObject({
  origins: key(filledList(origin()), 'Pages that may use it; `"*"` is any.'),
  methods: key(
    filledList(z.enum(METHODS)).default(corsDefaults.methods),
    'What they may send; all of these when absent.',
  ),
  headers: key(
    z.array(matching(HEADERS, 'the name of a header, with one * at most')).default(corsDefaults.headers),
    'Headers that they may send; any when absent.',
  ),
  exposeHeaders: key(
    z.array(matching(HEADER, 'the name of a header')).default(corsDefaults.exposeHeaders),
    `Headers of the answer that they may read, besides those that every page may; ${corsDefaults.exposeHeaders.join(', ')} when absent.`,
  ),
  maxAge: key(duration('0s', '24h').default(corsDefaults.maxAge), 'How long a browser remembers that it may.', {
    fallback: '1h',
  }),
});

const corsEntry = `${ORIGIN}, or a rule`;

/** An origin stands for a rule that names it and nothing else. */
export const cors = filledList(
  takes(
    corsEntry,
    z.union([origin().transform((one): z.output<typeof corsRule> => ({ origins: [one], ...corsDefaults })), corsRule], {
      error: ({ input }) => expected(corsEntry, input),
    }),
  ),
);
