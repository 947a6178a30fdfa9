import { existsSync, readFileSync } from 'node:fs';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const [broken = '0', ...files] = process.argv.slice(2);
let passed = 0;
let failed = Number(broken);
for (const file of files) {
  if (!existsSync(file)) {
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  passed += report.numPassedTests;
  // A test file that fails before its first test has no failed test, so it is counted separately.
  const notLoaded = report.testResults.filter(
    (it) => it.status === 'failed' && it.assertionResults.length === 0,
  ).length;
  const counted = report.numFailedTests + notLoaded;
  // An error outside of any test also makes the suite fail, and counts as one failure.
  failed += counted === 0 && !report.success ? 1 : counted;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0 || passed === 0) process.exitCode = 1;
