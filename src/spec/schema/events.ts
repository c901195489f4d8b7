import { z } from 'zod';
import { filledList, matching, partOfKey } from './fields.ts';
import { key } from './notes.ts';

const EVENT_TYPES = ['created', 'removed', 'expired'] as const;

const eventRule = z.strictObject({
  webhook: key(
    matching(/^[a-z][a-z0-9-]{0,62}$/, 'the name of a webhook'),
    'Where they are sent: a webhook of the platform, which `holdfast object-store webhooks add` makes.',
  ),
  types: key(
    filledList(z.enum(EVENT_TYPES)).default([...EVENT_TYPES]),
    'What happened: an object was written, was removed by a request, or went by a lifecycle rule. All when absent.',
  ),
  prefix: key(partOfKey('how keys begin, such as uploads/').optional(), 'Only of objects whose keys begin so.'),
  suffix: key(partOfKey('how keys end, such as .jpg').optional(), 'Only of objects whose keys end so.'),
});

type EventRule = z.output<typeof eventRule>;

/** Whether an event could be of both: it goes to one webhook (S3 User Guide, "Configuring event notifications using object key name filtering"). */
function overlap(a: EventRule, b: EventRule): boolean {
  const oneBegins = (x = '', y = '') => x.startsWith(y) || y.startsWith(x);
  const oneEnds = (x = '', y = '') => x.endsWith(y) || y.endsWith(x);
  return a.types.some((type) => b.types.includes(type)) && oneBegins(a.prefix, b.prefix) && oneEnds(a.suffix, b.suffix);
}

export const events = filledList(eventRule).superRefine((rules, context) => {
  if (context.issues.length > 0) return;
  for (const [i, rule] of rules.entries()) {
    const other = rules.findIndex((candidate, j) => j < i && overlap(candidate, rule));
    if (other < 0) continue;
    const message = `some events would be of entry ${other} as well, and each goes to one webhook: tell them apart by types, prefix or suffix`;
    context.addIssue({ code: 'custom', path: [i], message });
  }
});
