import { BlockList, isIP } from 'node:net';
import { accessErrors } from '../errors.ts';
import { matchesWildcard } from '../wildcard.ts';
import { type ConditionContext, isConditionKey } from './condition-keys.ts';
import { hasVariables, matchesTemplate, parseTemplate, resolveText, type Template, variablesOf } from './template.ts';

/** One line of a statement's Condition block (IAM User Guide, "IAM JSON policy elements: Condition operators"). */
export interface Condition {
  /** Without qualifier and `IfExists`: `StringLike`. */
  readonly operator: string;
  readonly qualifier: 'ForAnyValue' | 'ForAllValues' | undefined;
  readonly ifExists: boolean;
  /** Lower-case. */
  readonly key: string;
  readonly values: readonly string[];
  /** Lower-case condition keys that `values` take variables from. */
  readonly variables: readonly string[];
  readonly matches: Test;
}

type Test = (actual: string, context: ConditionContext) => boolean;

/** Makes the test of one value that a policy names; `undefined` when it is not one of the operator's type. */
type Compile = (expected: string) => ((actual: string) => boolean) | undefined;

interface Operator {
  /** True where no expected value matches. */
  readonly negated: boolean;
  readonly compile: Compile;
  /** The same of a value with variables; absent where the operator takes none. */
  readonly compileTemplate?: (expected: Template) => Test;
}

const compared =
  <T>(parse: (text: string) => T | undefined, holds: (actual: T, expected: T) => boolean): Compile =>
  (text) => {
    const expected = parse(text);
    if (expected === undefined) return undefined;
    return (other) => {
      const actual = parse(other);
      return actual !== undefined && holds(actual, expected);
    };
  };

const lower = (text: string) => text.toLowerCase();
const same = <T>(a: T, b: T) => a === b;
const wildcard: Compile = (expected) => (actual) => matchesWildcard(expected, actual);

/** What a variable stands for is known when the request is. */
const resolved =
  (compile: Compile) =>
  (expected: Template): Test =>
  (actual, context) => {
    const text = resolveText(expected, context);
    return (text !== undefined && compile(text)?.(actual)) ?? false;
  };
const wildcardTemplate =
  (expected: Template): Test =>
  (actual, context) =>
    matchesTemplate(expected, actual, context);

const number = (text: string) =>
  /^[+-]?\d+(\.\d+)?$/.test(text.trim()) && Number.isFinite(Number(text)) ? Number(text) : undefined;
/** ISO 8601 or seconds since 1970. */
function date(text: string): number | undefined {
  const seconds = number(text);
  const time = seconds === undefined ? (/^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN) : seconds * 1000;
  return Number.isNaN(time) ? undefined : time;
}
const boolean = (text: string) => (/^(true|false)$/i.test(text) ? lower(text) : undefined);

/** Base64 with its padding. */
const binary = (text: string) =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? text : undefined;

/** An address or a CIDR block. */
const network: Compile = (text) => {
  const [address = '', prefix] = text.split('/');
  const version = isIP(address);
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
  if (version === 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) || bits > (version === 4 ? 32 : 128)) {
    return undefined;
  }
  const block = new BlockList();
  block.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return (actual) => {
    const family = isIP(actual);
    return family !== 0 && block.check(actual, family === 4 ? 'ipv4' : 'ipv6');
  };
};

/** Each of the six colon-separated parts on its own. */
const arn: Compile = (expected) => {
  const parts = arnParts(expected);
  if (!parts) return undefined;
  return (actual) => arnParts(actual)?.every((part, i) => matchesWildcard(parts[i] ?? '', part)) ?? false;
};

function arnParts(text: string): readonly string[] | undefined {
  const parts = text.split(':');
  return parts.length < 6 ? undefined : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function comparisons(type: string, parse: (text: string) => number | undefined): [string, Operator][] {
  const operator = (name: string, holds: (a: number, b: number) => boolean, negated = false): [string, Operator] => [
    type + name,
    { negated, compile: compared(parse, holds) },
  ];
  return [
    operator('Equals', same),
    operator('NotEquals', same, true),
    operator('LessThan', (a, b) => a < b),
    operator('LessThanEquals', (a, b) => a <= b),
    operator('GreaterThan', (a, b) => a > b),
    operator('GreaterThanEquals', (a, b) => a >= b),
  ];
}

function exactly(normalize: (text: string) => string): Omit<Operator, 'negated'> {
  const compile = compared(normalize, same);
  return { compile, compileTemplate: resolved(compile) };
}

function strings(name: string, negation: string, operator: Omit<Operator, 'negated'>): [string, Operator][] {
  return [
    [`String${name}`, { ...operator, negated: false }],
    [`String${negation}`, { ...operator, negated: true }],
  ];
}

const text = (value: string) => value;
const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...strings('Equals', 'NotEquals', exactly(text)),
  ...strings('EqualsIgnoreCase', 'NotEqualsIgnoreCase', exactly(lower)),
  ...strings('Like', 'NotLike', { compile: wildcard, compileTemplate: wildcardTemplate }),
  ...comparisons('Numeric', number),
  ...comparisons('Date', date),
  ['Bool', { negated: false, compile: compared(boolean, same) }],
  ['BinaryEquals', { negated: false, compile: compared(binary, same) }],
  ['IpAddress', { negated: false, compile: network }],
  ['NotIpAddress', { negated: true, compile: network }],
  ['ArnEquals', { negated: false, compile: arn }],
  ['ArnLike', { negated: false, compile: arn }],
  ['ArnNotEquals', { negated: true, compile: arn }],
  ['ArnNotLike', { negated: true, compile: arn }],
  ['Null', { negated: false, compile: compared(boolean, same) }],
]);

/** @throws HoldfastError `access.policy-malformed` */
export function compileCondition(name: string, key: string, values: readonly string[]): Condition {
  const match = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/.exec(name);
  const [, qualifier, operator = '', ifExists] = match ?? [];
  const known = OPERATORS.get(operator);
  if (!known || (operator === 'Null' && (qualifier || ifExists))) {
    throw accessErrors.policyMalformed(`Invalid Condition type : ${name}`);
  }
  const lowerKey = key.toLowerCase();
  if (!isConditionKey(lowerKey)) throw accessErrors.policyMalformed(`Policy has an invalid condition key: ${key}`);
  const templates = values.map((value) => (hasVariables(value) ? parseTemplate(value) : undefined));
  const tests = values.map((value, i) => {
    const template = templates[i];
    const test = template ? known.compileTemplate?.(template) : known.compile(value);
    if (!test) throw accessErrors.policyMalformed(`Invalid value "${value}" for ${name} of ${key}`);
    return test;
  });
  return {
    operator,
    qualifier: qualifier as Condition['qualifier'],
    ifExists: ifExists !== undefined,
    key: lowerKey,
    values,
    variables: templates.flatMap((template) => (template ? variablesOf(template) : [])),
    matches: (actual, context) => tests.some((test) => test(actual, context)) !== known.negated,
  };
}

/** A key that the request lacks fails a condition, unless that is negated or says `IfExists`. */
export function conditionHolds(condition: Condition, context: ConditionContext): boolean {
  const { operator, qualifier, ifExists, key } = condition;
  const matches = (value: string) => condition.matches(value, context);
  const actual = context(key);
  if (operator === 'Null') return matches(String(actual.length === 0));
  if (qualifier === 'ForAllValues') return actual.every(matches);
  if (actual.length === 0) return ifExists || (qualifier === undefined && isNegated(operator));
  return !qualifier && isNegated(operator) ? actual.every(matches) : actual.some(matches);
}

export function isNegated(operator: string): boolean {
  return OPERATORS.get(operator)?.negated ?? false;
}
