import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes one directory for the temporary files of all tests of a run. Returns a function that removes this directory. */
export async function setup(): Promise<() => Promise<void>> {
  const before = process.env['TMPDIR'];
  const directory = await mkdtemp(join(tmpdir(), 'mailover-tests-'));
  process.env['TMPDIR'] = directory;
  return async () => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
}
