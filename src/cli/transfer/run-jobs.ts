export interface Job {
  /** What it holds in memory while it runs, in bytes. */
  readonly weight: number;
  run(): Promise<void>;
}

export interface Budget {
  readonly jobs: number;
  readonly weight: number;
}

/** Begins the jobs in order, as many at once as the budget has room for. After a failure none is begun. */
export async function runJobs(jobs: Iterable<Job>, budget: Budget): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let weight = 0;
  for (const job of jobs) {
    while (running.size > 0 && (running.size >= budget.jobs || weight + job.weight > budget.weight)) {
      await Promise.race(running);
    }
    if (failures.length > 0) break;
    weight += job.weight;
    const done = job
      .run()
      .catch((error) => void failures.push(error))
      .finally(() => {
        running.delete(done);
        weight -= job.weight;
      });
    running.add(done);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
