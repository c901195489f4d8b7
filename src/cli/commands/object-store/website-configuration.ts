import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { cliErrors } from '../../errors.ts';

const protocol = z.enum(['http', 'https']).optional();

/** As the aws cli takes it: the S3 API's names. */
const websiteConfiguration = z.strictObject({
  IndexDocument: z.strictObject({ Suffix: z.string() }).optional(),
  ErrorDocument: z.strictObject({ Key: z.string() }).optional(),
  RedirectAllRequestsTo: z.strictObject({ HostName: z.string(), Protocol: protocol }).optional(),
  RoutingRules: z
    .array(
      z.strictObject({
        Condition: z
          .strictObject({ KeyPrefixEquals: z.string().optional(), HttpErrorCodeReturnedEquals: z.string().optional() })
          .optional(),
        Redirect: z.strictObject({
          Protocol: protocol,
          HostName: z.string().optional(),
          ReplaceKeyPrefixWith: z.string().optional(),
          ReplaceKeyWith: z.string().optional(),
          HttpRedirectCode: z.string().optional(),
        }),
      }),
    )
    .optional(),
});

type Elements = { readonly [name: string]: string | Elements | readonly Elements[] | undefined };

/** @throws HoldfastError `usage.*` where the file is not JSON of that form */
export function parseWebsite(file: string): string {
  const { RoutingRules, ...plain } = parse(file);
  const rules = RoutingRules && { RoutingRule: RoutingRules };
  return element('WebsiteConfiguration', { ...plain, RoutingRules: rules });
}

function parse(file: string): z.infer<typeof websiteConfiguration> {
  const hint = 'write {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}}';
  let json: unknown;
  try {
    json = JSON.parse(file);
  } catch (error) {
    throw cliErrors.usage(`the file is not JSON: ${(error as Error).message}`, hint);
  }
  const parsed = websiteConfiguration.safeParse(json);
  if (!parsed.success)
    throw cliErrors.usage(`this is no website configuration: ${z.prettifyError(parsed.error)}`, hint);
  return parsed.data;
}

export function printWebsite(document: string): string {
  const parser = new XMLParser({
    parseTagValue: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    isArray: (name) => name === 'RoutingRule',
  });
  const { WebsiteConfiguration } = parser.parse(document) as {
    WebsiteConfiguration: Elements & { readonly RoutingRules?: { readonly RoutingRule: readonly Elements[] } };
  };
  const { RoutingRules, ...plain } = WebsiteConfiguration;
  return JSON.stringify({ ...plain, RoutingRules: RoutingRules?.RoutingRule }, null, 2);
}

function element(name: string, content: Elements[string]): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((one: Elements) => element(name, one)).join('');
  return `<${name}>${typeof content === 'string' ? escapeXml(content) : children(content as Elements)}</${name}>`;
}

function children(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, content]) => element(name, content))
    .join('');
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
