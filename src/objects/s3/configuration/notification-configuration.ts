import { newId } from '../../../core/ids.ts';
import { EVENT_TYPES } from '../../events/event-names.ts';
import { type NotificationRule, overlap } from '../../events/notification-rules.ts';
import { s3Errors } from '../errors.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

const KINDS = [
  { as: 'queue', element: 'QueueConfiguration', target: 'Queue' },
  { as: 'topic', element: 'TopicConfiguration', target: 'Topic' },
] as const;

/** What S3 has besides, and here is nothing to send to. */
const OTHER_TARGETS = ['CloudFunctionConfiguration', 'EventBridgeConfiguration'];
const WEBHOOK_ARN = /^arn:holdfast:webhook:::([a-z][a-z0-9-]{0,62})$/;
const MAX_RULES = 100;
const MAX_ID_LENGTH = 255;
const MAX_FILTER_BYTES = 1024;

/** @throws HoldfastError `s3.invalid-argument`, `s3.malformed-xml`, `s3.not-implemented` */
export function readNotificationRules(document: XmlNode): readonly NotificationRule[] {
  const other = OTHER_TARGETS.find((name) => document.all(name).length > 0);
  if (other) throw s3Errors.notImplemented(`${other} is not implemented: events go to webhooks`);
  const rules = KINDS.flatMap((kind) => document.all(kind.element).map((node) => readRule(node, kind)));
  if (rules.length > MAX_RULES) throw s3Errors.invalidArgument(`at most ${MAX_RULES} configurations are allowed`);
  for (const [i, rule] of rules.entries()) {
    if (rules.findIndex(({ id }) => id === rule.id) < i) {
      throw s3Errors.invalidArgument('configuration ids must be unique');
    }
    if (rules.slice(0, i).some((before) => overlap(before, rule))) {
      throw s3Errors.invalidArgument(
        'configurations overlap; configurations on the same bucket cannot share a common event type',
      );
    }
  }
  return rules;
}

function readRule(node: XmlNode, { as, target }: (typeof KINDS)[number]): NotificationRule {
  const webhook = WEBHOOK_ARN.exec(node.text(target)?.trim() ?? '')?.[1];
  if (!webhook) throw s3Errors.invalidArgument('the ARN is not well formed: arn:holdfast:webhook:::<name> is expected');
  const id = node.text('Id') || newId('rule');
  if (id.length > MAX_ID_LENGTH) throw s3Errors.invalidArgument(`an Id is at most ${MAX_ID_LENGTH} long`);
  return { id, as, webhook, events: readEvents(node), ...readFilter(node) };
}

function readEvents(node: XmlNode): readonly string[] {
  const events = node.all('Event').map((event) => event.content().trim());
  if (events.length === 0) throw s3Errors.malformedXml('a configuration needs an Event');
  const unknown = events.find((event) => !EVENT_TYPES.includes(event));
  if (unknown === undefined) return events;
  throw s3Errors.invalidArgument(`the event "${unknown.slice(0, 64)}" is not supported for notifications`);
}

function readFilter(node: XmlNode): Pick<NotificationRule, 'prefix' | 'suffix'> {
  const found = { prefix: '', suffix: '' };
  const seen = new Set<string>();
  const rules = node.all('Filter').flatMap((filter) => filter.all('S3Key').flatMap((key) => key.all('FilterRule')));
  for (const rule of rules) {
    const name = rule.text('Name')?.trim().toLowerCase();
    const value = rule.text('Value') ?? '';
    if (name !== 'prefix' && name !== 'suffix') {
      throw s3Errors.invalidArgument('filter rule name must be either prefix or suffix');
    }
    if (seen.has(name)) throw s3Errors.invalidArgument(`cannot specify more than one ${name} rule in a filter`);
    if (Buffer.byteLength(value) > MAX_FILTER_BYTES) {
      throw s3Errors.invalidArgument(`a filter value is at most ${MAX_FILTER_BYTES} bytes`);
    }
    seen.add(name);
    found[name] = value;
  }
  return found;
}

export function notificationXml(rules: readonly NotificationRule[]): XmlElements {
  const elements = KINDS.map(({ as, element, target }) => {
    const ofKind = rules.filter((rule) => rule.as === as);
    return [element, ofKind.map((rule) => ruleXml(rule, target))] as const;
  });
  return Object.fromEntries(elements);
}

function ruleXml({ id, webhook, events, prefix, suffix }: NotificationRule, target: string): XmlElements {
  const filters = Object.entries({ Prefix: prefix, Suffix: suffix }).filter(([, value]) => value !== '');
  const rules = filters.map(([Name, Value]) => ({ Name, Value }));
  return {
    Id: id,
    [target]: `arn:holdfast:webhook:::${webhook}`,
    Event: events,
    Filter: rules.length > 0 ? { S3Key: { FilterRule: rules } } : undefined,
  };
}
