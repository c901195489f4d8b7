import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import { element, parseJsonFile, type XmlContents } from './configuration-xml.ts';

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

/** @throws HoldfastError `usage.*` where the file is not JSON of that form */
export function parseWebsite(file: string): string {
  const { RoutingRules, ...plain } = parseJsonFile(file, websiteConfiguration, EXPECTED);
  const rules = RoutingRules && { RoutingRule: RoutingRules };
  return element('WebsiteConfiguration', { ...plain, RoutingRules: rules });
}

const EXPECTED = {
  what: 'this is no website configuration',
  hint: 'write {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}}',
};

export function printWebsite(document: string): string {
  const parser = new XMLParser({
    parseTagValue: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    isArray: (name) => name === 'RoutingRule',
  });
  const { WebsiteConfiguration } = parser.parse(document) as {
    WebsiteConfiguration: XmlContents & { readonly RoutingRules?: { readonly RoutingRule: readonly XmlContents[] } };
  };
  const { RoutingRules, ...plain } = WebsiteConfiguration;
  return JSON.stringify({ ...plain, RoutingRules: RoutingRules?.RoutingRule }, null, 2);
}
