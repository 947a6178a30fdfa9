import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Largest permitted peak of memory use, in MB. The function has 1,024 MB of memory; the AWS SDKs and their connections need the rest. */
const MOST_MB = 850;

test('a mail of 40 MB of 8-bit text fits into the memory of the function', { timeout: 120_000 }, () => {
  const script = new URL('./large-mail.ts', import.meta.url).pathname;

  const peak = Number(execFileSync(process.execPath, [script], { encoding: 'utf8' }));

  expect(peak).toBeGreaterThan(80);
  expect(peak).toBeLessThan(MOST_MB);
});
