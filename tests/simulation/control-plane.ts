import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import { createPlatform, type PlatformOptions } from '../../src/control/create-platform.ts';
import type { Platform } from '../../src/control/platform.ts';
import type { ControlContext } from '../../src/control/reconcile/context.ts';
import { asKyselyDatabase, connect, migrate } from '../../src/control/state/database.ts';
import { stateOver } from '../../src/control/state/state.ts';
import { Keyring } from '../../src/core/keyring.ts';
import { Incarnation } from './incarnation.ts';
import type { Random } from './random.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { World } from './world.ts';

export type Planners = NonNullable<PlatformOptions['planners']>;

export interface ControlPlaneOptions {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly planners: Planners;
  readonly trace: (line: string) => void;
}

const CONFIG = {
  httpPort: 7380,
  s3Endpoint: 'http://127.0.0.1:7301',
  s3PublicUrl: 'http://127.0.0.1:7301',
  region: 'local',
  hostName: 'simulated',
};

/** The real control plane over a world that is not: it can be crashed at any step and begins anew over what it kept. */
export class ControlPlane {
  readonly sqlite = new DatabaseSync(':memory:');
  readonly #options: ControlPlaneOptions;
  readonly #ids = new Map<string, number>();
  #incarnation: Incarnation | undefined;
  #platform: Platform | undefined;

  private constructor(options: ControlPlaneOptions) {
    this.#options = options;
  }

  static async open(options: ControlPlaneOptions): Promise<ControlPlane> {
    const plane = new ControlPlane(options);
    plane.sqlite.exec('PRAGMA foreign_keys = ON');
    await migrate(connect(asKyselyDatabase(plane.sqlite)));
    plane.restart();
    return plane;
  }

  /** `undefined` while it is down. */
  get platform(): Platform | undefined {
    return this.#incarnation?.alive ? this.#platform : undefined;
  }

  restart(): void {
    const { world, clock, random, planners, trace } = this.#options;
    if (this.sqlite.isTransaction) this.sqlite.exec('ROLLBACK'); // what a crash leaves of a transaction
    const incarnation = new Incarnation({ onDeath: () => trace('crash'), lastStepCounts: () => random.chance(0.5) });
    const database = incarnation.fenceDatabase(asKyselyDatabase(this.sqlite));
    const { platform, start } = createPlatform({
      dataDirectory: 'memory:',
      state: stateOver(connect(database)),
      services: incarnation.fenceDriver(world.services),
      volumes: incarnation.fenceDriver(world.volumes),
      filesystems: incarnation.fenceDriver(world.filesystems),
      edge: incarnation.fenceDriver(world.edge),
      objects: incarnation.fenceDriver(world.objects),
      builder: incarnation.fenceDriver(world.builder),
      masterKey: fixedMasterKey,
      clock: incarnation.fenceClock(clock),
      log: pino({ enabled: false }),
      config: CONFIG,
      files: world.files,
      planners,
      ids: (prefix) => this.#nextId(prefix),
    });
    this.#incarnation = incarnation;
    this.#platform = platform;
    start().catch((error: unknown) => {
      if (incarnation.alive) throw error;
    });
  }

  crashAfter(steps: number): void {
    this.#incarnation?.dieAfter(steps);
  }

  #nextId(prefix: string): string {
    const next = (this.#ids.get(prefix) ?? 0) + 1;
    this.#ids.set(prefix, next);
    return `${prefix}_${String(next).padStart(6, '0')}`;
  }
}

const fixedMasterKey: ControlContext['masterKey'] = {
  keyring: new Keyring(new Uint8Array(32)),
  id: 'fixed',
  file: 'memory:',
  isRotating: false,
  check: async () => {},
  restore: async () => false,
  begin: async () => {},
  end: async () => true,
};
