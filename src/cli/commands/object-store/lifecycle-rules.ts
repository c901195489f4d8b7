import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { element, parseJsonFile } from './configuration-xml.ts';

const tag = z.strictObject({ Key: z.string(), Value: z.string() });
const sizes = { ObjectSizeGreaterThan: z.number().optional(), ObjectSizeLessThan: z.number().optional() };

/** As the aws cli takes it: the S3 API's names, in the plural where there can be several. */
const lifecycleConfiguration = z.strictObject({
  Rules: z.array(
    z.strictObject({
      ID: z.string().optional(),
      Prefix: z.string().optional(),
      Filter: z
        .strictObject({
          Prefix: z.string().optional(),
          Tag: tag.optional(),
          ...sizes,
          And: z.strictObject({ Prefix: z.string().optional(), Tags: z.array(tag).optional(), ...sizes }).optional(),
        })
        .optional(),
      Status: z.enum(['Enabled', 'Disabled']),
      Expiration: z
        .strictObject({
          Days: z.number().optional(),
          Date: z.string().optional(),
          ExpiredObjectDeleteMarker: z.boolean().optional(),
        })
        .optional(),
      NoncurrentVersionExpiration: z
        .strictObject({ NoncurrentDays: z.number(), NewerNoncurrentVersions: z.number().optional() })
        .optional(),
      AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: z.number() }).optional(),
    }),
  ),
});

const EXPECTED = {
  what: 'these are no lifecycle rules',
  hint: 'write {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7}}]}',
};

/** @throws HoldfastError `usage.*` where the file is not JSON of that form */
export function parseLifecycle(file: string): string {
  const { Rules } = parseJsonFile(file, lifecycleConfiguration, EXPECTED);
  const rules = Rules.map(({ Filter, ...rule }) => ({ ...rule, Filter: Filter && withTag(Filter) }));
  return element('LifecycleConfiguration', { Rule: rules });
}

type Filter = NonNullable<z.infer<typeof lifecycleConfiguration>['Rules'][number]['Filter']>;

function withTag({ And, ...filter }: Filter) {
  if (!And) return filter;
  const { Tags, ...and } = And;
  return { ...filter, And: { ...and, Tag: Tags } };
}

const NUMBERS = /^(Days|NoncurrentDays|NewerNoncurrentVersions|DaysAfterInitiation|ObjectSize(GreaterThan|LessThan))$/;

export function printLifecycle(document: string): string {
  const parser = new XMLParser({
    parseTagValue: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    isArray: (name, path) => name === 'Rule' || String(path).endsWith('.And.Tag'),
  });
  const { LifecycleConfiguration } = parser.parse(document) as {
    LifecycleConfiguration: { readonly Rule: readonly Record<string, unknown>[] };
  };
  const Rules = LifecycleConfiguration.Rule.map((rule) => (rule.Filter === '' ? { ...rule, Filter: {} } : rule));
  return JSON.stringify({ Rules }, asAwsPrints, 2);
}

function asAwsPrints(name: string, value: unknown): unknown {
  if (NUMBERS.test(name)) return Number(value);
  if (name === 'ExpiredObjectDeleteMarker') return value === 'true';
  if (name !== 'And') return value;
  const { Tag: Tags, ...rest } = value as { readonly Tag?: unknown };
  return { ...rest, Tags };
}
