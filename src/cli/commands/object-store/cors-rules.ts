import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { element, parseJsonFile } from './configuration-xml.ts';

const list = z.array(z.string()).optional();

/** As the aws cli takes it: the S3 API's names, in the plural where there can be several. */
const corsConfiguration = z.strictObject({
  CORSRules: z.array(
    z.strictObject({
      ID: z.string().optional(),
      AllowedOrigins: list,
      AllowedMethods: list,
      AllowedHeaders: list,
      ExposeHeaders: list,
      MaxAgeSeconds: z.number().int().nonnegative().optional(),
    }),
  ),
});

const ELEMENTS = [
  ['AllowedOrigins', 'AllowedOrigin'],
  ['AllowedMethods', 'AllowedMethod'],
  ['AllowedHeaders', 'AllowedHeader'],
  ['ExposeHeaders', 'ExposeHeader'],
] as const;

/** @throws HoldfastError `usage.*` where the file is not JSON of that form */
export function parseCorsRules(file: string): string {
  const { CORSRules } = parseJsonFile(file, corsConfiguration, EXPECTED);
  const rules = CORSRules.map(({ ID, MaxAgeSeconds, ...lists }) => ({
    ID,
    ...Object.fromEntries(ELEMENTS.map(([plural, name]) => [name, lists[plural]])),
    MaxAgeSeconds,
  }));
  return element('CORSConfiguration', { CORSRule: rules });
}

const EXPECTED = {
  what: 'these are no CORS rules',
  hint: 'write {"CORSRules": [{"AllowedOrigins": ["https://example.com"], "AllowedMethods": ["GET"]}]}',
};

export function printCorsRules(document: string): string {
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name !== 'CORSConfiguration' });
  const { CORSConfiguration } = parser.parse(document) as {
    CORSConfiguration: { CORSRule?: Readonly<Record<string, readonly string[]>>[] };
  };
  const CORSRules = (CORSConfiguration.CORSRule ?? []).map((rule) => ({
    ID: rule.ID?.[0],
    ...Object.fromEntries(ELEMENTS.map(([plural, name]) => [plural, rule[name]])),
    MaxAgeSeconds: rule.MaxAgeSeconds && Number(rule.MaxAgeSeconds[0]),
  }));
  return JSON.stringify({ CORSRules }, null, 2);
}
