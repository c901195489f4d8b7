import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.ts';
import { waitUntil } from '../../src/core/retry.ts';
import type { HealthProbe, InstanceSpec, ObservedInstance, ServiceDriver } from '../../src/services/service-driver.ts';

/** What the apps of this suite do; a harness turns it into something that its driver can start. */
export interface AppBehaviour {
  /** Printed at once. */
  readonly output?: readonly string[];
  /** Answers every request with this status; on the port of `PORT`. */
  readonly status?: number;
  /** Ends by itself with this code, after its output. */
  readonly exitCode?: number;
  readonly ignoresSigterm?: boolean;
}

export interface ServiceDriverHarness {
  /** A driver over the harness's one directory; the second call is the platform after a restart. */
  open(): Promise<ServiceDriver>;
  app(behaviour: AppBehaviour): Promise<Pick<InstanceSpec, 'rootDirectory' | 'command'>>;
  close(): Promise<void>;
}

const HTTP: HealthProbe = { kind: 'http', path: '/', timeoutMs: 2000 };
const RUNNING: HealthProbe = { kind: 'running', timeoutMs: 2000 };

export function serviceDriverContract(name: string, openHarness: () => Promise<ServiceDriverHarness>): void {
  describe(`ServiceDriver: ${name}`, () => {
    let harness: ServiceDriverHarness;
    let driver: ServiceDriver;

    beforeEach(async () => {
      harness = await openHarness();
      driver = await harness.open();
    });

    afterEach(async () => {
      for (const { id } of await driver.list()) await driver.stop(id, { graceMs: 0 });
      await driver.close?.();
      await harness.close();
    });

    async function start(behaviour: AppBehaviour, overrides: Partial<InstanceSpec> = {}): Promise<string> {
      const spec: InstanceSpec = {
        id: newId('ins'),
        app: 'photos',
        service: 'web',
        release: '1',
        environment: {},
        mounts: [],
        listens: behaviour.status !== undefined,
        limits: { cpu: 0.25, memoryBytes: 512 * 1024 * 1024 },
        ...(await harness.app(behaviour)),
        ...overrides,
      };
      await driver.start(spec);
      return spec.id;
    }

    async function observe(id: string): Promise<ObservedInstance | undefined> {
      return (await driver.list()).find((instance) => instance.id === id);
    }

    function exited(id: string): Promise<ObservedInstance> {
      return waitUntil(
        async () => {
          const instance = await observe(id);
          return instance?.status === 'exited' && instance;
        },
        { timeoutMs: 60_000, what: `the end of ${id}` },
      );
    }

    function healthy(id: string, probe: HealthProbe = HTTP): Promise<boolean> {
      return waitUntil(async () => (await driver.probe(id, probe)).healthy, {
        timeoutMs: 60_000,
        what: `${id} healthy`,
      });
    }

    async function lines(id: string, options: { tail?: number } = {}): Promise<string[]> {
      const collected: string[] = [];
      for await (const line of driver.logs(id, options)) collected.push(line);
      return collected;
    }

    it('starts an instance that listens, and shows where', async () => {
      const before = Date.now();
      const id = await start({ status: 200 });
      const instance = await observe(id);
      expect(instance).toMatchObject({ id, status: 'running', address: { host: '127.0.0.1' } });
      expect(instance?.startedAt).toBeGreaterThanOrEqual(before);
      await healthy(id);
      expect(await driver.probe(id, { kind: 'tcp', timeoutMs: 60_000 })).toEqual({ healthy: true });
    });

    it('gives a worker no address', async () => {
      const id = await start({ output: ['ready'] });
      expect((await observe(id))?.address).toBeUndefined();
      expect(await driver.probe(id, RUNNING)).toEqual({ healthy: true });
    });

    it('starts an id once, however often it is asked', async () => {
      const app = await harness.app({ output: ['ready'] });
      const id = newId('ins');
      await Promise.all([start({}, { id, ...app }), start({}, { id, ...app })]);
      await start({}, { id, ...app });
      expect(await driver.list()).toHaveLength(1);
      await waitUntil(async () => (await lines(id)).length > 0, { timeoutMs: 60_000, what: 'output' });
      expect(await lines(id)).toEqual(['ready']);
    });

    it('does not start an ended instance again', async () => {
      const app = await harness.app({ exitCode: 0 });
      const id = await start({}, app);
      await exited(id);
      await start({}, { id, ...app });
      expect((await observe(id))?.status).toBe('exited');
    });

    it('gives instances ports of their own', async () => {
      const ids = await Promise.all(Array.from({ length: 4 }, () => start({ status: 200 })));
      const ports = (await driver.list()).map((instance) => instance.address?.port);
      expect(new Set(ports).size).toBe(ids.length);
    });

    it('refuses an empty command and leaves nothing', async () => {
      await expect(start({}, { command: [] })).rejects.toMatchObject({ code: 'instance.start' });
      expect(await driver.list()).toEqual([]);
    });

    it('says why an instance is unwell', async () => {
      const id = await start({ status: 500 });
      const result = await waitUntil(
        async () => {
          const answer = await driver.probe(id, HTTP);
          return answer.reason?.includes('500') && answer;
        },
        { timeoutMs: 60_000, what: 'an answer' },
      );
      expect(result).toEqual({ healthy: false, reason: 'GET / answered 500' });
    });

    it('knows the exit code', async () => {
      const id = await start({ output: ['no database'], exitCode: 3 });
      expect(await exited(id)).toMatchObject({ exitCode: 3 });
      expect((await observe(id))?.address).toBeUndefined();
      expect(await driver.probe(id, RUNNING)).toEqual({
        healthy: false,
        reason: 'the instance ended with exit code 3',
      });
      expect(await lines(id)).toEqual(['no database']);
    });

    it('lets an instance end by itself when it is stopped', async () => {
      const id = await start({ status: 200 });
      await healthy(id);
      await driver.stop(id, { graceMs: 10_000 });
      expect(await observe(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    });

    it('kills an instance that does not end', async () => {
      const id = await start({ status: 200, ignoresSigterm: true });
      await healthy(id);
      await driver.stop(id, { graceMs: 200 });
      expect(await observe(id)).toMatchObject({ status: 'exited', exitCode: null });
    });

    it('takes stop and remove of what is unknown, ended or removed', async () => {
      await driver.stop('ins_unknown', { graceMs: 0 });
      await driver.remove('ins_unknown');
      const id = await start({ exitCode: 0 });
      await exited(id);
      await driver.stop(id, { graceMs: 0 });
      await driver.remove(id);
      await driver.remove(id);
      await driver.stop(id, { graceMs: 0 });
      expect(await driver.list()).toEqual([]);
      expect(await driver.probe(id, RUNNING)).toMatchObject({ healthy: false });
    });

    it('refuses to remove what runs', async () => {
      const id = await start({ status: 200 });
      await expect(driver.remove(id)).rejects.toMatchObject({ code: 'instance.running' });
      await healthy(id);
    });

    it('keeps the log of a removed instance', async () => {
      const id = await start({ output: ['first', 'last'], exitCode: 0 });
      await exited(id);
      await driver.remove(id);
      expect(await lines(id)).toEqual(['first', 'last']);
      expect(await lines('ins_unknown')).toEqual([]);
    });

    it('gives the last lines, and follows until it is told to end', async () => {
      const id = await start({ output: ['one', 'two', 'three'], status: 200 });
      await healthy(id);
      expect(await lines(id, { tail: 2 })).toEqual(['two', 'three']);
      expect(await lines(id, { tail: 0 })).toEqual([]);
      const abort = new AbortController();
      const followed: string[] = [];
      for await (const line of driver.logs(id, { follow: true, tail: 1, signal: abort.signal })) {
        followed.push(line);
        setImmediate(() => abort.abort());
      }
      expect(followed).toEqual(['three']);
    });

    it('is taken over by a driver opened anew', async () => {
      const ended = await start({ exitCode: 4 });
      await exited(ended);
      const id = await start({ status: 200, output: ['ready'] });
      await healthy(id);
      const before = await observe(id);
      await driver.close?.();
      driver = await harness.open();
      expect(await observe(id)).toEqual(before);
      expect(await observe(ended)).toMatchObject({ status: 'exited', exitCode: 4 });
      await healthy(id);
      expect(await lines(id)).toEqual(['ready']);
      await driver.stop(id, { graceMs: 10_000 });
      expect(await observe(id)).toMatchObject({ status: 'exited', exitCode: 0 });
    });
  });
}
