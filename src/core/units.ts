import { HoldfastError } from './errors.ts';

const BYTE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };

function parseQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  fallbackUnit: string,
): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const factor = match ? units[(match[2] || fallbackUnit).toLowerCase()] : undefined;
  return match && factor !== undefined ? Math.round(Number(match[1]) * factor) : undefined;
}

/**
 * `"25GB"`, `"512MiB"`, `"1.5 GiB"` to bytes. GB is 10^9 and GiB is 2^30 (IEC 80000-13).
 * A bare number counts in `bareUnit`.
 * @throws HoldfastError `units.bytes`
 */
export function parseBytes(value: string | number, bareUnit = 'GB'): number {
  const bytes = parseQuantity(String(value), BYTE_UNITS, bareUnit);
  if (bytes !== undefined) return bytes;
  throw new HoldfastError({
    code: 'units.bytes',
    kind: 'invalid',
    message: `"${value}" is not a size`,
    hint: 'write a number and a unit, for example 25GB, 512MiB or 1TB',
  });
}

/**
 * `"30s"`, `"5m"`, `"24h"`, `"250ms"` to milliseconds; a bare number is seconds.
 * @throws HoldfastError `units.duration`
 */
export function parseDuration(value: string | number): number {
  const ms = parseQuantity(String(value), DURATION_UNITS, 's');
  if (ms !== undefined) return ms;
  throw new HoldfastError({
    code: 'units.duration',
    kind: 'invalid',
    message: `"${value}" is not a duration`,
    hint: 'write a number and a unit, for example 30s, 5m or 24h',
  });
}

/** `1500000` to `1.5 MB`; decimal units, three significant figures. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** `90000` to `1m 30s`, `1200` to `1.2s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60e3) return `${Number((ms / 1000).toFixed(1))}s`;
  const parts = [
    [Math.floor(ms / 86400e3), 'd'],
    [Math.floor((ms % 86400e3) / 3600e3), 'h'],
    [Math.floor((ms % 3600e3) / 60e3), 'm'],
    [Math.floor((ms % 60e3) / 1e3), 's'],
  ] as const;
  return parts
    .filter(([value]) => value > 0)
    .slice(0, 2)
    .map(([value, unit]) => `${value}${unit}`)
    .join(' ');
}
