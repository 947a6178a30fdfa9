import type { RunResult } from './run.ts';

/** Adds up the results of all seeds that were run. */
export class Totals {
  readonly results: RunResult[] = [];

  get failed(): readonly RunResult[] {
    return this.results.filter(({ verdict }) => verdict.violations.length > 0);
  }

  sum(of: (result: RunResult) => number): number {
    return this.results.reduce((sum, result) => sum + of(result), 0);
  }

  /** Adds up named counters of all seeds, and returns the sums as text, the largest sum first. */
  sumEach(of: (result: RunResult) => Readonly<Record<string, number>>): string {
    const sums = new Map<string, number>();
    for (const result of this.results)
      for (const [name, count] of Object.entries(of(result))) sums.set(name, (sums.get(name) ?? 0) + count);
    const list = [...sums].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
    return list.join(', ') || 'none';
  }
}

export function lineOf({ seed, hash, verdict, hours, quietHours }: RunResult): string {
  const { ok, lost, duplicated, violations } = verdict;
  const mark = violations.length === 0 ? 'ok    ' : 'FAILED';
  return `${mark} seed ${seed}  trace ${hash}  ok ${ok}, lost ${lost}, duplicated ${duplicated}; ${hours} h, the last ${quietHours} h in the quiet phase`;
}

/** Returns the summary of all seeds as text. */
export function summaryOf(totals: Totals, seconds: number): string {
  const sum = (of: (verdict: RunResult['verdict']) => number) => totals.sum(({ verdict }) => of(verdict));
  const unknown = sum((it) => it.unknown);
  const twice = sum((it) => it.unknownTwice);
  const share = unknown === 0 ? '' : ` (${((100 * twice) / unknown).toFixed(1)} %)`;
  return [
    `attempted ${sum((it) => it.attempted)}, acknowledged ${sum((it) => it.acknowledged)}, ok ${sum((it) => it.ok)}, ` +
      `lost ${sum((it) => it.lost)}, duplicated ${sum((it) => it.duplicated)}, recovered ${sum((it) => it.recovered)}`,
    `duplicates by cause: ${totals.sumEach(({ verdict }) => verdict.causes)}`,
    `of ${unknown} unknown attempts of mail with onUnknown "ask", ${twice} became a duplicate${share}`,
    `dead letters: ${totals.sumEach(({ verdict }) => verdict.deadLetters)}`,
    `faults applied: ${totals.sumEach(({ hits }) => hits)}`,
    `processes killed at: ${totals.sumEach(({ kills }) => kills)}`,
    `${Math.round(totals.sum(({ hours }) => hours))} simulated hours, ${totals.sum((it) => it.invocations)} invocations, ` +
      `${sum((it) => it.calls)} provider calls, ${totals.sum((it) => it.tableWrites)} table writes`,
    `${seconds.toFixed(0)} s, ${(totals.sum(({ cpuMs }) => cpuMs) / 1_000).toFixed(0)} s of CPU, ` +
      `${(
        totals.sum(({ cpuMs }) => cpuMs) /
          Math.max(
            1,
            sum((it) => it.attempted),
          )
      ).toFixed(2)} ms a mail`,
  ].join('\n');
}

/** Returns the test report that `.ci/summary.ts` reads: one test for each seed. */
export function testReport(totals: Totals): unknown {
  const failed = totals.failed.length;
  return {
    success: failed === 0,
    numPassedTests: totals.results.length - failed,
    numFailedTests: failed,
    testResults: [],
  };
}
