import { defined } from '../lambda/platform/defined.ts';
import { runOutage } from './outage.ts';
import { loadReleases } from './releases/load.ts';
import { runSeed, type SeedOptions } from './seed.ts';

/** Task of a child process: the seed to run, with the options of the run. If `trace` is true, the process prints every event. */
export interface Task extends Omit<SeedOptions, 'trace'> {
  readonly scenario?: 'outage';
  readonly trace: boolean;
}

const releases = await loadReleases();

process.on('message', (task: Task) => {
  const { trace, scenario, ...options } = task;
  const run = scenario === 'outage' ? runOutage : runSeed;
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  run({ ...options, ...defined({ trace: trace ? print : undefined }) }, releases).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`seed ${task.seed}: ${error instanceof Error ? error.stack : error}\n`);
      process.exit(1);
    },
  );
});
