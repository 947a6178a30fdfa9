import type { FaultKind } from './faults/kinds.ts';
import type { SenderReleases } from './releases/load.ts';
import type { RunResult } from './run.ts';
import { runSeed, type SeedOptions } from './seed.ts';

/** The smallest options with which a run still fails in the same way as the first run, and the result of this smaller run. */
export interface Shrunk {
  readonly options: SeedOptions;
  readonly result: RunResult;
}

/**
 * Searches for a smaller run that fails in the same way as the first run. Repeatedly tries an earlier end, then fewer mails, then
 * fewer kinds of faults. Stops when no smaller run fails in the same way, or when `enough` returns true.
 *
 * @param say is called with one line of text about each run
 */
export async function shrink(
  failing: SeedOptions,
  first: RunResult,
  releases: SenderReleases,
  enough: () => boolean,
  say: (step: string) => void,
): Promise<Shrunk> {
  const wanted = kindOf(first);
  let best: Shrunk = { options: { ...failing, faults: failing.faults ?? kindsOf(first) }, result: first };
  const attempt = async (change: Partial<SeedOptions>): Promise<boolean> => {
    if (enough()) return false;
    const options = { ...best.options, ...change };
    const result = await runSeed(options, releases);
    const fails = kindOf(result) === wanted;
    say(`  ${fails ? 'fails too' : 'passes   '}  ${commandOf(options)}`);
    if (fails) best = { options, result };
    return fails;
  };
  for (let won = true; won && !enough(); ) {
    won = false;
    for (const share of [0.1, 0.5, 0.8]) {
      const untilHours = Math.ceil(share * (best.options.untilHours ?? best.result.hours));
      if (untilHours < (best.options.untilHours ?? Infinity) && (await attempt({ untilHours }))) {
        won = true;
        break;
      }
    }
    for (const share of [0.02, 0.1, 0.3, 0.6, 0.9]) {
      const mails = Math.max(1, Math.floor(share * best.options.mails));
      if (mails < best.options.mails && (await attempt({ mails }))) {
        won = true;
        break;
      }
    }
    for (const kind of best.options.faults ?? []) {
      const faults = (best.options.faults ?? []).filter((one) => one !== kind);
      if (await attempt({ faults })) won = true;
    }
  }
  return best;
}

/**
 * Returns the command line that runs one seed with these options and prints every event.
 */
export function commandOf({ seed, mails, faults, without = [], untilHours }: SeedOptions): string {
  return [
    `npm run chaos -- --seed ${seed} --mails ${mails}`,
    ...(faults ? [`--faults ${faults.join(',') || 'none'}`] : []),
    ...(without.length > 0 ? [`--without ${without.join(',')}`] : []),
    ...(untilHours === undefined ? [] : [`--until ${untilHours}`]),
    '--trace',
  ].join(' ');
}

/** Returns the kind of the first violation of a rule, without the details of the violation. */
function kindOf({ verdict }: RunResult): string | undefined {
  return verdict.violations[0]?.split(':')[0];
}

function kindsOf({ windows }: RunResult): FaultKind[] {
  return [...new Set(windows.map(({ kind }) => kind))];
}
