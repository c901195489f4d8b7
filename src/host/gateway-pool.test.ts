import { expect, test } from 'vitest';
import { TestClock } from '../../tests/support/test-clock.ts';
import { createLogger } from '../core/log.ts';
import type { GatewayCount } from './config.ts';
import { GatewayPool } from './gateway-pool.ts';

const OBJECTS_PID = 1;
const MINUTE_MS = 60_000;

/** A machine of four cores whose time a test moves, and what each process uses of a core meanwhile. */
class FakeMachine {
  readonly clock = new TestClock();
  readonly running = new Map<number, string>();
  readonly said: string[] = [];
  readonly retired = new Map<string, () => void>();
  busyObjects = 0;
  busyGateways = 0;
  failing = false;
  readonly #seconds = new Map<number | 'idle', number>();
  #looked = Promise.withResolvers<void>();
  #lastPid = OBJECTS_PID;

  pool(count: GatewayCount): GatewayPool {
    return new GatewayPool({
      count,
      objects: { pid: OBJECTS_PID },
      newGateway: (name) => this.#gateway(name),
      clock: this.clock,
      log: createLogger('supervisor', 'silent'),
      measure: { of: async (pid) => this.#seconds.get(pid) ?? 0, idle: () => this.#readIdle() },
    });
  }

  #readIdle(): number {
    this.#looked.resolve();
    return this.#seconds.get('idle') ?? 0;
  }

  #gateway(name: string) {
    const pid = ++this.#lastPid;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const machine = this;
    return {
      pid,
      async start() {
        machine.said.push(`start ${name}`);
        if (machine.failing) throw new Error('it does not start');
        machine.running.set(pid, name);
      },
      async stop() {
        machine.said.push(`stop ${name}`);
        machine.running.delete(pid);
        end();
      },
      async retire() {
        machine.said.push(`retire ${name}`);
        machine.retired.set(name, () => {
          machine.running.delete(pid);
          end();
        });
        await ended;
      },
    };
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 2000) {
      this.#looked = Promise.withResolvers();
      this.#add(OBJECTS_PID, 2 * this.busyObjects);
      for (const pid of this.running.keys()) this.#add(pid, 2 * this.busyGateways);
      this.#add('idle', 2 * (4 - this.busyObjects - this.running.size * this.busyGateways));
      this.clock.advance(2000);
      await this.#looked.promise;
      await new Promise((resolve) => setImmediate(resolve)); // what follows the look has been done
    }
  }

  #add(of: number | 'idle', seconds: number): void {
    this.#seconds.set(of, (this.#seconds.get(of) ?? 0) + seconds);
  }
}

test('gateways come one by one while S3 is busy, up to the most, and go together when it has been quiet', async () => {
  const machine = new FakeMachine();
  const pool = machine.pool({ least: 0, most: 2 });
  await pool.start();
  await machine.pass(MINUTE_MS);
  expect(machine.running.size).toBe(0);
  machine.busyObjects = 0.95;
  machine.busyGateways = 0.5;
  await machine.pass(10_000);
  expect([...machine.running.values()]).toEqual(['gateway-1']);
  await machine.pass(MINUTE_MS);
  expect([...machine.running.values()]).toEqual(['gateway-1', 'gateway-2']);
  machine.busyObjects = 0.01;
  machine.busyGateways = 0.01;
  await machine.pass(4 * MINUTE_MS);
  expect(machine.retired.size).toBe(0);
  await machine.pass(2 * MINUTE_MS);
  expect([...machine.retired.keys()]).toEqual(['gateway-1', 'gateway-2']);

  machine.said.length = 0;
  machine.busyObjects = 0.95;
  await machine.pass(20_000);
  expect(machine.said, 'a name that is still in use is not given again').toEqual(['start gateway-3']);
  machine.retired.get('gateway-1')?.();
  await pool.stop();
  expect(machine.running.size, 'also those that were retiring have ended').toBe(0);
});

test('clients that never leave keep a bounded number of gateways', async () => {
  const machine = new FakeMachine();
  const pool = machine.pool({ least: 0, most: 2 });
  await pool.start();
  for (let round = 0; round < 4; round++) {
    machine.busyObjects = 0.95;
    machine.busyGateways = 0.5;
    await machine.pass(MINUTE_MS);
    machine.busyObjects = 0.01;
    machine.busyGateways = 0.01;
    await machine.pass(6 * MINUTE_MS);
  }
  expect(machine.running.size).toBe(4);
  machine.retired.get('gateway-1')?.();
  machine.busyObjects = 0.95;
  await machine.pass(MINUTE_MS);
  expect([...machine.running.values()]).toContain('gateway-1');
  await pool.stop();
});

test('a number that was asked for stays, and one that cannot start is told of', async () => {
  const machine = new FakeMachine();
  const pool = machine.pool({ least: 2, most: 2 });
  await pool.start();
  expect([...machine.running.values()]).toEqual(['gateway-1', 'gateway-2']);
  await pool.stop();
  machine.failing = true;
  await expect(machine.pool({ least: 1, most: 1 }).start()).rejects.toThrow('it does not start');
});

test('one that could not start is tried again after a while, and S3 goes on without it', async () => {
  const machine = new FakeMachine();
  const pool = machine.pool({ least: 0, most: 1 });
  await pool.start();
  machine.failing = true;
  machine.busyObjects = 0.95;
  await machine.pass(10_000);
  machine.clock.advance(4 * MINUTE_MS);
  expect(machine.said).toEqual(['start gateway-1']);
  machine.failing = false;
  machine.clock.advance(MINUTE_MS);
  await new Promise((resolve) => setImmediate(resolve));
  machine.busyGateways = 0.5;
  await machine.pass(20_000);
  expect([...machine.running.values()]).toEqual(['gateway-1']);
  await pool.stop();
});
