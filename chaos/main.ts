import { writeFileSync } from 'node:fs';
import { type ExitCode, runCommand } from '../cli/usage.ts';
import { defined } from '../lambda/platform/defined.ts';
import { CHAOS_USAGE, readArguments } from './arguments.ts';
import type { Task } from './child.ts';
import { runTasks } from './processes.ts';
import { loadReleases } from './releases/load.ts';
import { lineOf, summaryOf, Totals, testReport } from './report.ts';
import type { RunResult } from './run.ts';
import { commandOf, shrink } from './shrink.ts';

/** Longest time, in milliseconds, that the program searches for a smaller run that fails in the same way. */
const SHRINK_MS = 90_000;
const SHOWN = 5;

const say = (text: string) => void process.stdout.write(`${text}\n`);

async function main(): Promise<ExitCode> {
  const given = readArguments(process.argv.slice(2));
  if (!given) {
    say(CHAOS_USAGE);
    return 0;
  }
  const { seeds, jobs, report, trace, scenario, ...options } = given;
  const totals = new Totals();
  const begun = performance.now();
  await runTasks(
    seeds.map((seed): Task => ({ ...options, seed, trace, ...defined({ scenario }) })),
    jobs,
    (result) => {
      totals.results.push(result);
      say(lineOf(result));
    },
  );
  say(summaryOf(totals, (performance.now() - begun) / 1_000));
  const [failed] = totals.failed;
  if (failed) {
    for (const result of totals.failed) tellOf(result, commandOf({ ...options, seed: result.seed }));
    if (!scenario) {
      say(`searching for a smaller run that fails like seed ${failed.seed}, for ${SHRINK_MS / 1_000} s at most:`);
      const end = performance.now() + SHRINK_MS;
      const { options: least, result } = await shrink(
        { ...options, seed: failed.seed },
        failed,
        await loadReleases(),
        () => performance.now() > end,
        say,
      );
      say(`smallest run that fails like seed ${failed.seed}:`);
      tellOf(result, commandOf(least));
    }
  }
  if (report !== undefined) writeFileSync(report, JSON.stringify(testReport(totals)));
  say(`${seeds.length - totals.failed.length} passed, ${totals.failed.length} failed`);
  return failed ? 1 : 0;
}

function tellOf({ seed, verdict: { violations } }: RunResult, command: string): void {
  for (const violation of violations.slice(0, SHOWN)) say(`  seed ${seed}: ${violation}`);
  if (violations.length > SHOWN) say(`  seed ${seed}: and ${violations.length - SHOWN} more`);
  say(`  replay: ${command}`);
}

process.exitCode = await runCommand('chaos', { err: (text) => process.stderr.write(text) }, main);
