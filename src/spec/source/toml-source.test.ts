import { describe, expect, it } from 'vitest';
import { parseToml } from './toml-source.ts';

const TEXT = `top = 1 # a comment with = and [brackets]
dotted.key = "x"
"quoted key" = 'y'
text = """
[not.a.table]
key = "no" \\""""
list = [ # comment ]
  "a", ["b"],
]
inline = { a = 1, b = "}" }

[table]
key = 2
[table.deep]
  key = 3
[[many]]
name = 1
[many.sub]
key = 4
[[many]]
  name = 2
last = '''x''''
`;

describe('positions of a TOML file', () => {
  const source = parseToml(TEXT);
  it.each<[(string | number)[], string, string]>([
    [['top'], '1:1', '1:7'],
    [['dotted', 'key'], '2:1', '2:14'],
    [['quoted key'], '3:1', '3:16'],
    [['text'], '4:1', '4:8'],
    [['list'], '7:1', '7:8'],
    [['list', 1], '7:1', '7:1'],
    [['inline', 'b'], '10:1', '10:1'],
    [['table', 'key'], '13:1', '13:7'],
    [['table', 'deep', 'key'], '15:3', '15:9'],
    [['many', 0, 'name'], '17:1', '17:8'],
    [['many', 0, 'sub', 'key'], '19:1', '19:7'],
    [['many', 1], '20:1', '20:1'],
    [['many', 1, 'name'], '21:3', '21:10'],
    [['many', 1, 'last'], '22:1', '22:8'],
    [['table', 'absent'], '12:1', '12:1'],
    [['absent'], '1:1', '1:1'],
  ])('%j', (path, key, value) => {
    const at = (what: 'key' | 'value') => {
      const { line, column } = source.locate(path, what);
      return `${line}:${column}`;
    };
    expect([at('key'), at('value')]).toEqual([key, value]);
  });
});
