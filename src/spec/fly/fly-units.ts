import { parseDuration } from '../../core/units.ts';

/** Quantities as fly.toml writes them, in the app file's form; what cannot be read passes as it is, to be refused there. */

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 60e3, h: 3600e3 };

/** Go's durations ("1m30s"); a bare number counts in `bare`. */
export function flyMilliseconds(value: string | number, bare: 'ms' | 's'): number | undefined {
  if (typeof value === 'number') return value * (MS_PER_UNIT[bare] ?? 1);
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + parseDuration(`${amount}${unit}`), 0);
}

export function flyDuration(value: string | number, bare: 'ms' | 's'): string | number {
  const ms = flyMilliseconds(value, bare);
  return ms === undefined ? value : `${ms}ms`;
}

/** Memory of a machine: "1gb" is 1024 MiB there, and a bare number is MiB. */
export function flyMemory(value: string | number): string | number {
  const [, amount, unit = 'mb'] = /^(\d+)\s*(mb|gb)?$/i.exec(String(value)) ?? [];
  if (amount === undefined) return value;
  return `${amount}${unit.toLowerCase() === 'gb' ? 'GiB' : 'MiB'}`;
}

/** "shared-cpu-2x", "performance-4x": CPUs and MiB of the named sizes. */
export function flyMachineSize(size: string): { readonly cpu: number; readonly memory: number } | undefined {
  const [, kind, count] = /^(shared-cpu|performance)-(\d+)x$/.exec(size) ?? [];
  if (kind === undefined) return undefined;
  return { cpu: Number(count), memory: Number(count) * (kind === 'performance' ? 2048 : 256) };
}
