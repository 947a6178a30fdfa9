import { changeItem } from '../platform/change-item.ts';
import type { Item, Table } from '../platform/table.ts';
import { CHECKED_HOURS, type Excess } from './limits.ts';

/**
 * Key of the item of the state table that contains all paused classes of mail. A process can read all paused classes with one
 * small read.
 */
const PAUSED = 'paused-classes';

/** The pause of a class of mail: the rate that exceeded its limit, and the time at which the pause began. */
export interface ClassPause extends Excess {
  /** Time in epoch milliseconds. */
  readonly since: number;
}

/** Record that an operator has ended a pause. Only hours from `hour` on are checked, so that the old rate does not pause the class again. */
export interface ClassResume {
  readonly hour: number;
  /** Time in epoch milliseconds. */
  readonly at: number;
  /** Name of the operator, as the operator's command determined it. */
  readonly who: string;
}

/** Paused classes, and classes that an operator resumed, by name. */
export interface PausedClasses {
  readonly paused: Readonly<Record<string, ClassPause>>;
  readonly resumed: Readonly<Record<string, ClassResume>>;
}

/** Reads the paused and the resumed classes (strongly consistent read). */
export async function readPaused(table: Pick<Table, 'get'>): Promise<PausedClasses> {
  return pausedIn(await table.get(PAUSED));
}

/** Pauses the classes that `choose` returns; writes nothing if `choose` returns no class. Resolves with all classes that are stored afterwards. */
export async function pauseClasses(
  table: Pick<Table, 'get' | 'write'>,
  choose: (known: PausedClasses) => ReadonlyMap<string, ClassPause>,
): Promise<PausedClasses> {
  const item = await changeItem(table, PAUSED, (current) => {
    const known = pausedIn(current);
    const found = choose(known);
    if (found.size === 0) return undefined;
    return { ...current, ...known, paused: { ...known.paused, ...Object.fromEntries(found) } };
  });
  return pausedIn(item);
}

/**
 * Ends the pause of a class of mail. Resolves with the ended pause, or undefined if the class was not paused. `hour`: the current
 * hour of stack time (on a local stack, time may run faster than the clock).
 */
export async function resumeClass(
  table: Pick<Table, 'get' | 'write'>,
  name: string,
  { who, now, hour }: { readonly who: string; readonly now: number; readonly hour: number },
): Promise<ClassPause | undefined> {
  let before: ClassPause | undefined;
  await changeItem(table, PAUSED, (current) => {
    const { paused, resumed } = pausedIn(current);
    // A class may have the same name as a member that every JavaScript object has, such as `constructor`.
    before = Object.hasOwn(paused, name) ? paused[name] : undefined;
    if (before === undefined) return undefined;
    const { [name]: _, ...others } = paused;
    const recent = Object.entries(resumed).filter(([, one]) => one.hour > hour - CHECKED_HOURS);
    const next = { hour: hour + 1, at: now, who };
    return { ...current, paused: others, resumed: { ...Object.fromEntries(recent), [name]: next } };
  });
  return before;
}

function pausedIn(item: Item | undefined): PausedClasses {
  return {
    paused: (item?.['paused'] ?? {}) as PausedClasses['paused'],
    resumed: (item?.['resumed'] ?? {}) as PausedClasses['resumed'],
  };
}
