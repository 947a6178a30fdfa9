import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly pluginReports: readonly { readonly pluginName: string; readonly violations: readonly Violation[] }[];
}

interface Violation {
  readonly ruleName: string;
  readonly description: string;
  readonly severity?: string;
}

// Synthesises the app in the same way as the command `cdk`, with every validation. Fails on any finding, including warnings.
const outdir = mkdtempSync(join(tmpdir(), 'mailover-synth-'));
try {
  process.exitCode = synthesise(outdir);
} finally {
  rmSync(outdir, { recursive: true });
}

function synthesise(outdir: string): number {
  const { CDK_VALIDATION: _, ...environment } = process.env;
  const child = spawnSync(process.execPath, [join(import.meta.dirname, '..', 'bin', 'mailover.ts')], {
    env: { ...environment, CDK_OUTDIR: outdir },
    encoding: 'utf8',
  });
  if (child.status !== 0) {
    console.error(`${child.stdout}${child.stderr}`);
    return 1;
  }
  // If the report is missing, nothing was validated; reading the file then fails, as it should.
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  const findings = report.pluginReports.flatMap(({ pluginName, violations }) =>
    violations.map(({ ruleName, description }) => `${pluginName}: ${ruleName}: ${description}`),
  );
  for (const finding of findings) console.error(finding);
  return findings.length > 0 ? 1 : 0;
}
