import fc from 'fast-check';
import { expect, it } from 'vitest';
import { elements, escapeXml, text } from './xml.ts';

it('reads back whatever text was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      expect(text(`<A><Key>${escapeXml(value)}</Key></A>`, 'Key')).toBe(value);
    }),
  );
});

it('knows the named entities and attributes', () => {
  expect(text('<Key>&lt;&gt;&amp;&quot;&apos;&#x1F600;</Key>', 'Key')).toBe('<>&"\'😀');
  expect(text('<Error xmlns="urn:x"><Code>A</Code></Error>', 'Code')).toBe('A');
  expect(elements('<C><Prefix>a</Prefix></C><C><Prefix>b</Prefix></C>', 'C')).toHaveLength(2);
  expect(text('<KeyCount>1</KeyCount>', 'Key')).toBeUndefined();
});
