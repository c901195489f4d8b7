import type { Protocol, RoutingRule, Website } from '../../website/website.ts';
import { s3Errors } from '../errors.ts';
import type { XmlElements } from '../xml.ts';
import type { XmlNode } from '../xml-document.ts';

const MAX_RULES = 50;

/** @throws HoldfastError `s3.malformed-xml`, `s3.invalid-request`, `s3.invalid-argument` */
export function readWebsite(document: XmlNode): Website {
  const [all] = document.all('RedirectAllRequestsTo');
  const [rules] = document.all('RoutingRules');
  const index = readIndex(document);
  const error = readError(document);
  if (all) {
    if (index !== undefined || error !== undefined || rules) {
      throw s3Errors.invalidRequest('RedirectAllRequestsTo cannot be provided in conjunction with other settings');
    }
    return { redirectAll: { host: readHost(all) ?? missing('HostName'), protocol: readProtocol(all) } };
  }
  if (index === undefined) throw s3Errors.invalidArgument('a value for IndexDocument Suffix must be provided');
  const list = rules?.all('RoutingRule') ?? [];
  if (list.length > MAX_RULES) throw s3Errors.invalidRequest(`at most ${MAX_RULES} routing rules are allowed`);
  return { index, error, rules: list.length === 0 ? undefined : list.map(readRule) };
}

function readIndex(document: XmlNode): string | undefined {
  const [node] = document.all('IndexDocument');
  if (!node) return undefined;
  const suffix = text(node, 'Suffix');
  if (suffix && !suffix.includes('/')) return suffix;
  throw s3Errors.invalidArgument('the IndexDocument Suffix is not well formed: it is not empty and has no slash');
}

function readError(document: XmlNode): string | undefined {
  const [node] = document.all('ErrorDocument');
  return node && (text(node, 'Key') || missing('ErrorDocument Key'));
}

function readRule(node: XmlNode): RoutingRule {
  const [redirect] = node.all('Redirect');
  if (!redirect) throw s3Errors.malformedXml('a RoutingRule needs a Redirect');
  const replacePrefix = text(redirect, 'ReplaceKeyPrefixWith');
  const replaceKey = text(redirect, 'ReplaceKeyWith');
  if (replacePrefix !== undefined && replaceKey !== undefined) {
    throw s3Errors.invalidRequest('you can only define ReplaceKeyPrefixWith or ReplaceKeyWith but not both');
  }
  const host = readHost(redirect);
  const protocol = readProtocol(redirect);
  const status = readCode(redirect, 'HttpRedirectCode', /^30[1-8]$/, '3XX, except 300');
  if ([host, protocol, status, replacePrefix, replaceKey].every((value) => value === undefined)) {
    throw s3Errors.invalidRequest('a Redirect cannot be empty');
  }
  return { when: readCondition(node), redirect: { protocol, host, replacePrefix, replaceKey, status } };
}

function readCondition(node: XmlNode): RoutingRule['when'] {
  const [condition] = node.all('Condition');
  if (!condition) return undefined;
  const prefix = text(condition, 'KeyPrefixEquals');
  const status = readCode(condition, 'HttpErrorCodeReturnedEquals', /^[45]\d\d$/, '4XX or 5XX');
  if (prefix !== undefined || status !== undefined) return { prefix, status };
  throw s3Errors.invalidRequest('a Condition cannot be empty; leave it out to redirect all requests');
}

function readCode(node: XmlNode, name: string, valid: RegExp, allowed: string): number | undefined {
  const code = text(node, name)?.trim();
  if (code === undefined) return undefined;
  if (valid.test(code)) return Number(code);
  throw s3Errors.invalidRequest(`the ${name} "${code.slice(0, 16)}" is not valid; valid codes are ${allowed}`);
}

function readProtocol(node: XmlNode): Protocol | undefined {
  const protocol = text(node, 'Protocol')?.trim().toLowerCase();
  if (protocol === undefined || protocol === 'http' || protocol === 'https') return protocol;
  throw s3Errors.invalidRequest('a Protocol is http or https; without one it is that of the request');
}

/** A name with or without a port. */
const HOST = /^[a-z0-9._-]+(:\d{1,5})?$/i;

function readHost(node: XmlNode): string | undefined {
  const host = text(node, 'HostName')?.trim();
  if (host === undefined || HOST.test(host)) return host;
  throw s3Errors.invalidRequest('a HostName is the name of a host, without a protocol or a path');
}

/** It goes into a URL later, which a lone surrogate cannot. */
function text(node: XmlNode, name: string): string | undefined {
  const value = node.text(name);
  if (value === undefined || value.isWellFormed()) return value;
  throw s3Errors.malformedXml(`${name} is not Unicode`);
}

function missing(name: string): never {
  throw s3Errors.invalidArgument(`a value for ${name} must be provided`);
}

export function websiteXml({ index, error, redirectAll, rules }: Website): XmlElements {
  return {
    RedirectAllRequestsTo: redirectAll && { HostName: redirectAll.host, Protocol: redirectAll.protocol },
    IndexDocument: index === undefined ? undefined : { Suffix: index },
    ErrorDocument: error === undefined ? undefined : { Key: error },
    RoutingRules: rules && { RoutingRule: rules.map(ruleXml) },
  };
}

function ruleXml({ when, redirect }: RoutingRule): XmlElements {
  return {
    Condition: when && { KeyPrefixEquals: when.prefix, HttpErrorCodeReturnedEquals: when.status },
    Redirect: {
      Protocol: redirect.protocol,
      HostName: redirect.host,
      ReplaceKeyPrefixWith: redirect.replacePrefix,
      ReplaceKeyWith: redirect.replaceKey,
      HttpRedirectCode: redirect.status,
    },
  };
}
