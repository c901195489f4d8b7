import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { cliErrors } from '../../errors.ts';

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
  const { CORSRules } = parse(file);
  const rules = CORSRules.map((rule) =>
    element('CORSRule', [
      ...(rule.ID === undefined ? [] : [element('ID', [escapeXml(rule.ID)])]),
      ...ELEMENTS.flatMap(([plural, name]) => (rule[plural] ?? []).map((value) => element(name, [escapeXml(value)]))),
      ...(rule.MaxAgeSeconds === undefined ? [] : [element('MaxAgeSeconds', [String(rule.MaxAgeSeconds)])]),
    ]),
  );
  return element('CORSConfiguration', rules);
}

function parse(file: string): z.infer<typeof corsConfiguration> {
  const hint = 'write {"CORSRules": [{"AllowedOrigins": ["https://example.com"], "AllowedMethods": ["GET"]}]}';
  let json: unknown;
  try {
    json = JSON.parse(file);
  } catch (error) {
    throw cliErrors.usage(`the file is not JSON: ${(error as Error).message}`, hint);
  }
  const parsed = corsConfiguration.safeParse(json);
  if (!parsed.success) throw cliErrors.usage(`these are no CORS rules: ${z.prettifyError(parsed.error)}`, hint);
  return parsed.data;
}

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

function element(name: string, content: readonly string[]): string {
  return `<${name}>${content.join('')}</${name}>`;
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
