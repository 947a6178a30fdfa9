import type { ListsSeam } from '../world/events.ts';
import type { Handler } from '../world/lambda.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { currentProcess, type Seams } from './process.ts';

/** Function that sets up the sender's code for a new process, in the release that the process runs. */
export interface SenderReleases {
  (worker: SimulatedWorker, world: SimulatedWorld): Handler;
  /** Wraps the table with lists that the events function uses; tests plant defects in this way. @default - no change */
  readonly lists?: ListsSeam | undefined;
}

/** @param seams functions with which a test plants defects in the code of this release */
export async function loadReleases(seams: Seams = {}): Promise<SenderReleases> {
  // Loads the modules that the handler would otherwise load at first use. The first seed of a process then has the same trace as a
  // later seed.
  await Promise.all([import('../../lambda/contract/submission.ts'), import('nodemailer/lib/mail-composer')]);
  return Object.assign((worker: SimulatedWorker, world: SimulatedWorld) => currentProcess(worker, world, seams), {
    lists: seams.lists,
  });
}
