import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildXml, xml } from './xml.ts';
import { parseXml } from './xml-document.ts';

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

  test('reads CDATA sections as they are, beside other text', () => {
    const text = '<D><Key>a&amp;<![CDATA[<b>&amp;]]]]><![CDATA[>]]>c</Key><Empty><![CDATA[]]></Empty></D>';
    const root = parseXml(text, 'D');
    expect([root.text('Key'), root.text('Empty')]).toEqual(['a&<b>&amp;]]>c', '']);
  });

  test('reads references with zeros before them, up to what any needs', () => {
    expect(parseXml('<D>&#x00000041;&#0000000066;</D>', 'D').content()).toBe('AB');
    expect(() => parseXml(`<D>&#${'0'.repeat(12)}65;</D>`, 'D')).toThrow(malformed);
  });

  test('keeps numbers and spaces as texts', () => {
    const root = parseXml('<D><Key> 007 </Key><Key2>1e3</Key2></D>', 'D');
    expect([root.text('Key'), root.text('Key2')]).toEqual([' 007 ', '1e3']);
  });

  test('refuses more elements, levels and attributes than any request has', () => {
    expect(parseXml(`<D>${'<a/>'.repeat(99_999)}</D>`, 'D').all('a')).toHaveLength(99_999);
    expect(() => parseXml(`<D>${'<a/>'.repeat(100_000)}</D>`, 'D')).toThrow(malformed);
    expect(parseXml(`${'<D>'.repeat(16)}${'</D>'.repeat(16)}`, 'D').all('D')).toHaveLength(1);
    const attributes = Array.from({ length: 9 }, (_, i) => ` a${i}="x"`);
    expect(parseXml(`<D><K${attributes.slice(1).join('')}>k</K></D>`, 'D').text('K')).toBe('k');
    expect(() => parseXml(`<D><K${attributes.join('')}>k</K></D>`, 'D')).toThrow(malformed);
  });

  test.each([
    ['attributes', '<D', ' a=""', '></D>'],
    ['elements with attributes', '<D>', '<a b="" c="" d="" e=""/>', '</D>'],
    ['references', '<D>', '&amp;', '</D>'],
    ['comments', '<D>', '<!-- -->', '</D>'],
    ['CDATA sections', '<D>', '<![CDATA[a]]>', '</D>'],
    ['beginnings of one', '<D>', '<![CDATA[', '</D>'],
    ['spaces in a tag', '<D', ' ', '></D>'],
    ['a name', '<D', 'D', '></D>'],
    ['returns', '<D>', '\r', '</D>'],
  ])('takes no time to speak of for 4 MiB of %s', (_, head, piece, tail) => {
    const text = head + piece.repeat((4 * 1024 * 1024) / piece.length) + tail;
    const before = process.threadCpuUsage();
    try {
      parseXml(text, 'D');
    } catch (error) {
      expect(error).toEqual(malformed);
    }
    const { user } = process.threadCpuUsage(before);
    expect(user / 1000).toBeLessThan(400); // 10 to 100; a parser that makes a list of each tag's attributes takes 800
  });

  test.each([
    ['', 'nothing'],
    ['<D>', 'an open element'],
    ['<D></E>', 'crossed elements'],
    ['<E/>', 'another root'],
    ['<D/><D/>', 'two roots'],
    ['<D/>x', 'text behind the root'],
    ['</D>', 'an end without a beginning'],
    ['<D><Key a=b/></D>', 'an attribute without quotes'],
    ['<D><Key><!-- </Key></D>', 'an open comment'],
    ['<D><Key>&unknown;</Key></D>', 'an unknown entity'],
    ['<D><Key>a & b</Key></D>', 'a bare ampersand'],
    ['<D><Key>&#x110000;</Key></D>', 'a reference to no character'],
    ['<!DOCTYPE D [<!ENTITY a "b">]><D><Key>&a;</Key></D>', 'an entity of its own'],
    ['<D><Key><![CDATA[a]></Key></D>', 'an open CDATA section'],
    ['<D><Key><![cdata[a]]></Key></D>', 'one in lower case'],
    ['<D/><![CDATA[a]]>', 'one behind the root'],
    ['<D><Key>&#xD800;</Key></D>', 'a reference to half a character'],
    [`${'<D>'.repeat(17)}${'</D>'.repeat(17)}`, 'one level too many'],
    ['<!DOCTYPE D SYSTEM "file:///etc/passwd"><D/>', 'an outside document type'],
    [`${'<D>'.repeat(100)}${'</D>'.repeat(100)}`, 'deep nesting'],
  ])('refuses %s: %s', (xml) => {
    expect(() => parseXml(xml, 'D').text('Key')).toThrow(malformed);
  });

  test('takes the names of members of every object for names', () => {
    const root = parseXml('<D><__proto__>x</__proto__><constructor/></D>', 'D');
    expect([root.text('__proto__'), root.text('toString'), root.text('constructor')]).toEqual(['x', undefined, '']);
  });

  test('reads every end of a line as one', () => {
    expect(parseXml('<D>\r\n<Key>a\r\nb\rc\n\r\r\n🙂\r</Key>\r</D>', 'D').text('Key')).toBe('a\nb\nc\n\n\n🙂\n');
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
