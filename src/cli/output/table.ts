import { stripVTControlCharacters } from 'node:util';
import { paint } from './paint.ts';

/** Aligned columns under a header; nothing is cut. `empty` stands for a table without rows. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], empty: string): string {
  if (rows.length === 0) return empty;
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd();
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
