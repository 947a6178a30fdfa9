import { spawnSync } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { gatherOutput } from '../../../lambda/platform/output.ts';

afterEach(() => vi.restoreAllMocks());

it('what one turn of the event loop writes is written at its end', async () => {
  const cork = vi.spyOn(process.stdout, 'cork');
  const uncork = vi.spyOn(process.stdout, 'uncork');

  gatherOutput();
  gatherOutput();
  expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 0]);
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect([cork.mock.calls.length, uncork.mock.calls.length]).toEqual([1, 1]);
});

it.each(['process.exit()', 'throw new Error("crashed")'])('nothing is lost when a process ends by %s', (end) => {
  const module = new URL('../../../lambda/platform/output.ts', import.meta.url).href;
  const script = `import { gatherOutput } from '${module}';
    for (const line of ['one', 'two']) { gatherOutput(); console.log(line); }
    ${end};`;

  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });

  expect(stdout).toBe('one\ntwo\n');
});
