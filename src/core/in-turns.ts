/** What others wait for at most, apart from one step of the work. */
const SLICE_MS = 4;

/** Goes on until the time, in milliseconds of `performance.now()`; whether it has come to its end. */
type Job = (until: number) => boolean;

const waiting: Job[] = [];
let isTurnAhead = false;

/**
 * Does the work, which pauses at each `yield`. All such work together takes some milliseconds of a turn of the event
 * loop, in rounds: what others do waits no longer however much of it there is, and a result leaves before the next
 * is made.
 */
export function inTurns<T>(work: Iterator<void, T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  waiting.push((until) => {
    try {
      do {
        const { done, value } = work.next();
        if (done) resolve(value);
        if (done) return true;
      } while (performance.now() < until);
      return false;
    } catch (error) {
      reject(error);
      return true;
    }
  });
  planTurn();
  return promise;
}

function planTurn(): void {
  if (isTurnAhead) return;
  isTurnAhead = true;
  setImmediate(takeTurn);
}

function takeTurn(): void {
  isTurnAhead = false;
  const until = performance.now() + SLICE_MS;
  do {
    const job = waiting.shift();
    if (!job) return;
    if (!job(until)) waiting.push(job);
  } while (performance.now() < until);
  planTurn();
}
