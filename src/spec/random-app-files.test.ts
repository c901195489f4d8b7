import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../../tests/support/app-files.ts';
import { HoldfastError } from '../core/errors.ts';

describe('random text', () => {
  const files = ['holdfast.yaml', 'fly.toml'];
  const word = fc.constantFrom(
    'resources',
    'app',
    'type',
    'properties',
    'bucket',
    'web-service',
    'mounts',
    '[',
    ']',
    '{',
    '}',
    ': ',
    '= ',
    '\n',
    '\n  ',
    '- ',
    '"',
    "'''",
    '&a',
    '*a',
    '<<',
    '!!binary',
    '__proto__',
    '1e999',
    '#',
    ',',
    '\u0000',
    '\ud800',
  );
  it.each(files)('gives a spec or an explained error as %s', (filename) => {
    const input = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(input, (text) => {
        try {
          parse(text, filename);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          expect((error as HoldfastError).code).toMatch(/^spec\./);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives a spec or an explained error for random values of known keys', () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string());
    const properties = fc.dictionary(
      fc.constantFrom(
        'packaging',
        'resources',
        'port',
        'healthCheck',
        'scaling',
        'deploy',
        'connectTo',
        'environment',
        'secrets',
        'volumeMounts',
        'stopTimeout',
        'size',
      ),
      value,
    );
    fc.assert(
      fc.property(fc.constantFrom('web-service', 'worker-service', 'volume', 'job'), properties, (type, values) => {
        try {
          parse(JSON.stringify({ resources: { x: { type, properties: values } } }));
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
