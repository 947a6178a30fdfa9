import type { ListsSeam } from '../world/events.ts';
import type { Handler } from '../world/lambda.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { currentProcess, type Seams } from './process.ts';

/** Sets up the code of a new process, by its release. */
export interface SenderReleases {
  (worker: SimulatedWorker, world: SimulatedWorld): Handler;
  /** Changes the lists of the function for events. @default - none */
  readonly lists?: ListsSeam | undefined;
}

/** @param seams defects planted in this release */
export async function loadReleases(seams: Seams = {}): Promise<SenderReleases> {
  // Modules that the handler loads at first use are loaded before, so that the first seed of a process runs like all others.
  await Promise.all([import('../../lambda/contract/submission.ts'), import('nodemailer/lib/mail-composer')]);
  return Object.assign((worker: SimulatedWorker, world: SimulatedWorld) => currentProcess(worker, world, seams), {
    lists: seams.lists,
  });
}
