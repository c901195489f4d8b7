import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import type { ProcessDriverOptions } from '../../src/services/drivers/process/process-driver.ts';
import { openProcessTable } from '../../src/services/drivers/process/process-table.ts';
import type { InstanceSpec, ObservedInstance, ServiceDriver } from '../../src/services/service-driver.ts';
import { hasBubblewrap, openProcessHarness, type ProcessHarness } from './process-harness.ts';

/** An app that does nothing until it is told to end. */
export const IDLE = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('ready');`;

type Options = Partial<ProcessDriverOptions>;

/** Without a sandbox: mounts are links. */
const LINKS: Options = { sandbox: 'off' };

function describeDriver(name: string, options: Options, body: (open: () => ProcessFixture) => void): void {
  describe(`process driver ${name}`, () => {
    let fixture: ProcessFixture;
    beforeEach(async () => {
      fixture = await ProcessFixture.open(options);
    });
    afterEach(() => fixture.close());
    body(() => fixture);
  });
}

/** What holds with links and in bubblewrap. */
export function describeBoth(body: (open: () => ProcessFixture, options: Options) => void): void {
  describeDriver('with links', LINKS, (open) => body(open, LINKS));
  describeBubblewrap('with bubblewrap', (open) => body(open, {}));
}

export function describeLinks(body: (open: () => ProcessFixture) => void): void {
  describeDriver('with links only', LINKS, body);
}

export function describeSandbox(body: (open: () => ProcessFixture) => void): void {
  describeBubblewrap('with bubblewrap only', body);
}

function describeBubblewrap(name: string, body: (open: () => ProcessFixture) => void): void {
  if (hasBubblewrap() || process.env.CI === 'true') describeDriver(name, {}, body);
  else it.skip(`process driver ${name} (bubblewrap is not installed)`, () => {});
}

export class ProcessFixture {
  readonly harness: ProcessHarness;
  driver: ServiceDriver;

  constructor(harness: ProcessHarness, driver: ServiceDriver) {
    this.harness = harness;
    this.driver = driver;
  }

  static async open(options: Partial<ProcessDriverOptions>): Promise<ProcessFixture> {
    const harness = await openProcessHarness(options);
    return new ProcessFixture(harness, await harness.open());
  }

  async close(): Promise<void> {
    for (const { id } of await this.driver.list()) await this.driver.stop(id, { graceMs: 0 });
    await this.driver.close?.();
    await this.harness.close();
  }

  async reopen(): Promise<void> {
    await this.driver.close?.();
    this.driver = await this.harness.open();
  }

  async start(source: string, overrides: Partial<InstanceSpec> = {}): Promise<string> {
    const spec: InstanceSpec = {
      id: newId('ins'),
      app: 'photos',
      service: 'web',
      release: '7',
      environment: {},
      mounts: [],
      listens: false,
      limits: { cpu: 0.25, memoryBytes: 512 * 1024 * 1024 },
      ...(await this.harness.script(source)),
      ...overrides,
    };
    await this.driver.start(spec);
    return spec.id;
  }

  async observe(id: string): Promise<ObservedInstance | undefined> {
    return (await this.driver.list()).find((instance) => instance.id === id);
  }

  async log(id: string): Promise<string> {
    let text = '';
    for await (const line of this.driver.logs(id)) text += `${line}\n`;
    return text;
  }

  line(id: string, pattern: RegExp): Promise<RegExpExecArray> {
    const find = async () => pattern.exec(await this.log(id)) ?? undefined;
    return waitUntil(find, { timeoutMs: 60_000, what: `${pattern} in the log` });
  }

  /** What a module that prints one JSON value has printed. */
  async answer<T>(source: string, overrides: Partial<InstanceSpec> = {}): Promise<T> {
    const id = await this.start(source, overrides);
    await waitUntil(async () => (await this.observe(id))?.status === 'exited', { timeoutMs: 60_000, what: 'the end' });
    const log = await this.log(id);
    try {
      return JSON.parse(log) as T;
    } catch {
      throw new Error(`not JSON: ${log}`);
    }
  }

  async storage(name: string): Promise<string> {
    const path = join(this.harness.root, 'data', 'volumes', name);
    await mkdir(path, { recursive: true });
    return path;
  }
}

/** Processes of the machine whose command line holds `text`. */
export async function processesWith(text: string): Promise<number[]> {
  const table = await openProcessTable();
  const entries = await table.all();
  const lines = await Promise.all(entries.map(async ({ pid }) => (await table.commandLine(pid)).join(' ')));
  return entries.filter((_, i) => lines[i]?.includes(text)).map(({ pid }) => pid);
}

/** Starts `node -e … <mark>` in a session of its own without a trace of its origin. */
export const escaping = (mark: string) => `
  import { spawn } from 'node:child_process';
  spawn('node', ['-e', 'setInterval(() => {}, 1000); process.on("SIGTERM", () => {})', '${mark}'],
    { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH, ...KEEP } }).unref();`;
