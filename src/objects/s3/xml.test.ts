import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildXml, parseXml, xml } from './xml.ts';

const malformed = expect.objectContaining({ code: 's3.malformed-xml' });

describe('building', () => {
  test('keeps the order, repeats arrays, leaves undefined out', () => {
    const xml = buildXml('R', { B: 'x', A: [1, 2], C: undefined, D: { E: true }, F: [] }, '');
    expect(xml).toBe('<?xml version="1.0" encoding="UTF-8"?>\n<R><B>x</B><A>1</A><A>2</A><D><E>true</E></D></R>');
  });

  test('escapes what would be markup, and control characters as S3 does', () => {
    expect(buildXml('R', 'a<b>&"\r\u0001', '')).toContain('<R>a&lt;b&gt;&amp;&quot;&#xD;&#x1;</R>');
  });

  test('what was built is read back, whatever the text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const root = parseXml(buildXml('R', { A: texts, Single: texts[0] }), 'R');
        expect(root.all('A').length).toBe(texts.length);
        expect(root.text('Single')).toBe(texts[0]);
      }),
    );
  });
});

test('a template escapes its values, but not templates in it, and leaves undefined out', () => {
  const inner = xml`<B>${'<'}${1}${true}${undefined}</B>`;
  const whole = buildXml('R', { A: [xml`<K>${'&'}</K>${inner}`, 'x'], '': [inner] }, '');
  expect(whole).toContain('<R><A><K>&amp;</K><B>&lt;1true</B></A><A>x</A><B>&lt;1true</B></R>');
});

describe('parsing', () => {
  test('reads prefixes, attributes, references and comments', () => {
    const xml = '<?xml version="1.0"?><s3:D xmlns:s3="x"><!-- c --><s3:Key a="1">a&amp;&#38;&#x26;&lt;</s3:Key></s3:D>';
    const root = parseXml(xml, 'D');
    expect(root.text('Key')).toBe('a&&&<');
    expect(root.text('Absent')).toBeUndefined();
  });

  test('keeps numbers and spaces as texts', () => {
    const root = parseXml('<D><Key> 007 </Key><Key2>1e3</Key2></D>', 'D');
    expect([root.text('Key'), root.text('Key2')]).toEqual([' 007 ', '1e3']);
  });

  test('refuses what would take long to make an object of', () => {
    const kinds = Array.from({ length: 101 }, (_, i) => `<a${i}/>`);
    expect(() => parseXml(`<D>${kinds.join('')}</D>`, 'D')).toThrow(malformed);
    expect(() => parseXml(`<D>${'<a/>'.repeat(250_000)}</D>`, 'D')).toThrow(malformed);
  });

  test.each([
    ['', 'nothing'],
    ['<D>', 'an open element'],
    ['<D></E>', 'crossed elements'],
    ['<E/>', 'another root'],
    ['<D><Key>&unknown;</Key></D>', 'an unknown entity'],
    ['<D><Key>a & b</Key></D>', 'a bare ampersand'],
    ['<D><Key>&#x110000;</Key></D>', 'a reference to no character'],
    ['<!DOCTYPE D [<!ENTITY a "b">]><D><Key>&a;</Key></D>', 'an entity of its own'],
    ['<D><Key><![CDATA[a]]></Key></D>', 'a CDATA section'],
    ['<!DOCTYPE D SYSTEM "file:///etc/passwd"><D/>', 'an outside document type'],
    [`${'<D>'.repeat(100)}${'</D>'.repeat(100)}`, 'deep nesting'],
    ['<D><__proto__>x</__proto__></D>', 'the name of the prototype'],
  ])('refuses %s: %s', (xml) => {
    expect(() => parseXml(xml, 'D').text('Key')).toThrow(malformed);
  });

  test('refuses a repeated or nested element where one text is expected', () => {
    expect(() => parseXml('<D><Key>a</Key><Key>b</Key></D>', 'D').text('Key')).toThrow(malformed);
    expect(() => parseXml('<D><Key><x/></Key></D>', 'D').text('Key')).toThrow(malformed);
  });

  test('whatever comes is read or refused, and nothing else happens', () => {
    const piece = fc.constantFrom('<D>', '</D>', '<Key>', '</Key>', '&', ';', '<!', '<![CDATA[', ']]>', '<?', '"', 'a');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          parseXml(`<D>${pieces.join('')}</D>`, 'D').all('Key');
        } catch (error) {
          expect(error).toMatchObject({ code: 's3.malformed-xml' });
        }
      }),
    );
  });
});

test('elements of several names stand in the order that they were given in', () => {
  const xml = buildXml('List', { Name: 'b', '': [{ A: '1' }, { B: { C: '<' } }, { A: '2' }], Last: 'z' }, '');
  expect(xml).toContain('<List><Name>b</Name><A>1</A><B><C>&lt;</C></B><A>2</A><Last>z</Last></List>');
});
