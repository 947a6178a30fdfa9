import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { ACCOUNT } from './account.ts';
import { pythonCommands } from './python.ts';

const ROOT = join(import.meta.dirname, '../..');
const REGIONS = ['us-east-1', 'eu-central-1', 'ap-southeast-2'];
const directory = mkdtempSync(join(tmpdir(), 'mailover-lint-'));

afterAll(() => rmSync(directory, { recursive: true }));

/**
 * Rules of cfn-lint that are ignored. W3005 reports a `DependsOn` that repeats a dependency which a reference already makes. The
 * CDK itself writes such entries, and they are harmless.
 */
const IGNORED = ['W3005'];

it.each(REGIONS)('cfn-lint has no finding in the template for %s', async (region) => {
  const outdir = join(directory, region);
  const environment = { ...process.env, CDK_OUTDIR: outdir, CDK_DEFAULT_ACCOUNT: ACCOUNT, CDK_DEFAULT_REGION: region };
  const run = promisify(execFile);
  await run(process.execPath, ['bin/mailover.ts'], { cwd: ROOT, env: { ...environment, CDK_VALIDATION: 'false' } });
  const options = ['--regions', region, '--include-experimental', '--ignore-checks', ...IGNORED];
  const lint = run(join(pythonCommands(), 'cfn-lint'), ['-t', join(outdir, 'Mailover.template.json'), ...options]);

  const { stdout } = await lint.catch((error: { stdout: string }) => error);

  expect(stdout).toBe('');
});
