import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const STACKS = join(ROOT, '.local');

/**
 * Creates a work directory for this process and returns its path. The directory is inside the repository, so that the bundles of
 * the functions find the packages that Lambda provides on AWS.
 */
export async function makeWorkDirectory(): Promise<string> {
  await mkdir(STACKS, { recursive: true });
  await removeAbandoned();
  return mkdtemp(join(STACKS, `stack-${process.pid}-`));
}

/**
 * Removes the work directories of stacks that were killed. Another stack that starts at the same time may remove the same
 * directories.
 */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(STACKS)) {
    const pid = /^stack-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(STACKS, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
