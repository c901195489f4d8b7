import { z } from 'zod';
import { days, filledList, partOfKey, size, wholeNumber } from './fields.ts';
import { expected } from './found.ts';
import { key, takes } from './notes.ts';

const MAX_TAGS = 10;
const MAX_DAYS = 36_500;

/** S3 User Guide, "Categorizing your storage using tags". Not as patterns of the schema: editors may not read them as Unicode. */
const TAG_KEY = /^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u;

const wants =
  (what: string) =>
  ({ input }: { readonly input?: unknown }) =>
    expected(what, input);
const keyError = wants('the name of a tag: up to 128 letters, digits, spaces and _ . : / = + - @');
const valueError = wants('the value of a tag: up to 256 letters, digits, spaces and _ . : / = + - @');

const tags = z
  .record(
    z.string().refine((name) => TAG_KEY.test(name), { error: keyError }),
    z
      .union([z.string(), z.number(), z.boolean()], { error: valueError })
      .transform(String)
      .refine((value) => TAG_VALUE.test(value), { error: valueError }),
  )
  .superRefine((value, context) => {
    const count = Object.keys(value).length;
    if (count >= 1 && count <= MAX_TAGS) return;
    context.addIssue({ code: 'custom', message: `expected 1 to ${MAX_TAGS} tags, found ${count}` });
  });

const objectSize = () => size({ bare: 'MiB', min: '0B', max: '50TiB' });

const lifecycleRule = z.strictObject({
  prefix: key(partOfKey('how keys begin, such as tmp/').optional(), 'Only what has a key that begins so.'),
  tags: key(takes('a map of tags and their values', tags).optional(), 'Only objects that have all of these tags.'),
  largerThan: key(objectSize().optional(), 'Only objects that are larger.'),
  smallerThan: key(objectSize().optional(), 'Only objects that are smaller.'),
  expireAfter: key(
    days(MAX_DAYS).optional(),
    'Objects go so long after they were written; with versioning they are hidden and become old versions.',
  ),
  expireOldVersionsAfter: key(
    days(MAX_DAYS).optional(),
    'Old versions go so long after something took their place, and then the delete marker of what has no version left.',
  ),
  keepOldVersions: key(wholeNumber(1, 100).optional(), 'So many old versions stay, the newest, however old they are.'),
  abortUploadsAfter: key(
    days(MAX_DAYS).optional(),
    'Uploads by parts that were not finished go so long after they began.',
  ),
});

interface Mistake {
  readonly path: readonly (keyof z.output<typeof lifecycleRule>)[];
  readonly message: string;
}

function mistakes(rule: z.output<typeof lifecycleRule>): readonly Mistake[] {
  const { tags, largerThan, smallerThan } = rule;
  const { expireAfter, expireOldVersionsAfter, keepOldVersions, abortUploadsAfter } = rule;
  const found: Mistake[] = [];
  if ((expireAfter ?? expireOldVersionsAfter ?? abortUploadsAfter) === undefined) {
    const message = 'expected at least one of expireAfter, expireOldVersionsAfter and abortUploadsAfter, found none';
    found.push({ path: [], message });
  }
  if (keepOldVersions !== undefined && expireOldVersionsAfter === undefined) {
    found.push({
      path: ['keepOldVersions'],
      message: 'is about old versions that go, and there is no expireOldVersionsAfter',
    });
  }
  if (abortUploadsAfter !== undefined && (tags ?? largerThan ?? smallerThan) !== undefined) {
    const message = 'what is not finished has neither tags nor a size; put this in a rule without them';
    found.push({ path: ['abortUploadsAfter'], message });
  }
  if (largerThan !== undefined && smallerThan !== undefined && smallerThan <= largerThan) {
    found.push({ path: ['smallerThan'], message: 'expected more than largerThan: no object is both' });
  }
  return found;
}

export const lifecycle = filledList(
  lifecycleRule.superRefine((rule, context) => {
    if (context.issues.length > 0) return; // an unknown key may be what is missing
    for (const { path, message } of mistakes(rule)) context.addIssue({ code: 'custom', path: [...path], message });
  }),
);
