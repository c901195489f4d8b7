import { formatBytes, formatDuration } from '../../core/units.ts';

export interface Progress {
  /** `done` bytes in all so far, of `total` where that is known. */
  update(done: number, total?: number): void;
  /** Ends the line; says what was done where no terminal has shown it. */
  end(): void;
  /** Takes the line away again. */
  clear(): void;
}

const REDRAW_MS = 100;

/** Bytes, rate and time left on one line of stderr, redrawn on a terminal; elsewhere one line at the end. */
export function startProgress(label: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const startedAt = performance.now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let latest: { done: number; total: number | undefined } = { done: 0, total: undefined };
  const draw = () => stream.write(`\r${progressLine(label, { ...latest, ms: performance.now() - startedAt })}\x1b[K`);
  return {
    update: (done, total) => {
      latest = { done, total };
      if (!stream.isTTY || performance.now() - drawnAt < REDRAW_MS) return;
      drawnAt = performance.now();
      draw();
    },
    end: () => {
      if (stream.isTTY) draw();
      else stream.write(`${label} ${formatBytes(latest.done)} in ${formatDuration(performance.now() - startedAt)}`);
      stream.write('\n');
    },
    clear: () => {
      if (stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}

export function progressLine(
  label: string,
  { done, total, ms }: { readonly done: number; readonly total: number | undefined; readonly ms: number },
): string {
  const rate = ms > 0 ? (done / ms) * 1000 : 0;
  const parts = [`${label} ${formatBytes(done)}`];
  if (total !== undefined && total > 0) parts[0] += ` of ${formatBytes(total)} (${Math.floor((done / total) * 100)} %)`;
  parts.push(`${formatBytes(Math.round(rate))}/s`);
  if (total !== undefined && done < total && rate > 0) {
    parts.push(`${formatDuration(Math.ceil((total - done) / rate) * 1000)} left`);
  }
  return parts.join(', ');
}
