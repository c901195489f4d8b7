import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type { Clock } from '../../src/core/clock.ts';

/** Thrown into what a dead controller still tries with its database. */
const DEAD = 'this controller has crashed';

/**
 * One life of the control plane. It ends between any two steps: after a given
 * number of them it neither hears nor changes anything any more, and whether
 * the step that it died at took effect is chance.
 */
export class Incarnation {
  readonly #onDeath: () => void;
  readonly #lastStepCounts: () => boolean;
  #stepsLeft = Number.POSITIVE_INFINITY;
  #alive = true;

  constructor(options: { readonly onDeath: () => void; readonly lastStepCounts: () => boolean }) {
    this.#onDeath = options.onDeath;
    this.#lastStepCounts = options.lastStepCounts;
  }

  get alive(): boolean {
    return this.#alive;
  }

  dieAfter(steps: number): void {
    this.#stepsLeft = steps;
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#onDeath();
  }

  fenceClock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      sleep: async (ms, options) => {
        await clock.sleep(ms, options);
        if (!this.#alive) await never;
      },
    };
  }

  /** Every call is a step; the answer to a dead caller never comes. */
  fenceDriver<T extends object>(driver: T): T {
    return new Proxy(driver, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function' || name === 'logs')
          return typeof member === 'function' ? member.bind(target) : member;
        return (...args: readonly unknown[]) => this.#step(() => member.apply(target, args));
      },
    });
  }

  fenceDatabase(database: SqliteDatabase): SqliteDatabase {
    return {
      close: () => {},
      prepare: (sql) => {
        if (!this.#alive) throw new Error(DEAD);
        return this.#fenceStatement(database.prepare(sql));
      },
    };
  }

  #fenceStatement(statement: SqliteStatement): SqliteStatement {
    const step = <T>(effect: () => T): T => {
      if (!this.#alive) throw new Error(DEAD);
      if (!this.#diesNow()) return effect();
      if (this.#lastStepCounts()) effect();
      this.kill();
      throw new Error(DEAD);
    };
    return {
      reader: statement.reader,
      all: (parameters) => step(() => statement.all(parameters)),
      run: (parameters) => step(() => statement.run(parameters)),
      iterate: (parameters) => statement.iterate(parameters),
    };
  }

  async #step(effect: () => Promise<unknown>): Promise<unknown> {
    if (!this.#alive) return never;
    if (this.#diesNow()) {
      const counts = this.#lastStepCounts();
      this.kill();
      if (counts) await effect().catch(() => {});
      return never;
    }
    try {
      const answer = await effect();
      return this.#alive ? answer : await never;
    } catch (error) {
      if (!this.#alive) await never;
      throw error;
    }
  }

  #diesNow(): boolean {
    return --this.#stepsLeft === 0;
  }
}

const never = new Promise<never>(() => {});
