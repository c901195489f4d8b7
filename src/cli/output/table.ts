import { stripVTControlCharacters } from 'node:util';
import { paint } from './paint.ts';

const GAP = '  ';

/** Aligned columns under a header; nothing is cut, the last column may have several lines. `empty` stands for no rows. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty;
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => width(row[column] ?? ''))));
  const lastColumn = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join(GAP)
      .trimEnd()
      .replaceAll('\n', `\n${' '.repeat(lastColumn)}`);
  return [paint('dim', line(header)), ...rows.map(line)].join('\n');
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** `name  value` lines, the names aligned. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(longest)}  ${value}`).join('\n');
}
