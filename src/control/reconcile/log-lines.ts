import type { LogOptions, ServiceDriver } from '../../services/service-driver.ts';

/** An instance's output cut into lines, whatever pieces the driver gives it in. */
export async function* logLines(driver: ServiceDriver, instance: string, options?: LogOptions): AsyncIterable<string> {
  let rest = '';
  for await (const piece of driver.logs(instance, options)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.map((line) => line.replace(/\r$/, ''));
  }
  if (rest !== '') yield rest;
}

/** Best effort: an instance whose output cannot be read has none to quote. */
export async function lastLines(driver: ServiceDriver, instance: string, count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    for await (const line of logLines(driver, instance, { tail: count })) lines.push(line);
  } catch {
    return [];
  }
  return lines.filter((line) => line.trim() !== '').slice(-count);
}
