/** What others wait for at most, apart from one step of the work. */
const SLICE_MS = 4;

/** Does the work, which pauses at each `yield`: whenever it has taken some milliseconds, everybody else has a turn. */
export async function inTurns<T>(work: Iterator<void, T>): Promise<T> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    for (let now = 0; now < until; now = performance.now()) {
      const { done, value } = work.next();
      if (done) return value;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
