import { changeItem } from '../platform/change-item.ts';
import type { Item, Table } from '../platform/table.ts';
import { type Excess, JUDGED_HOURS } from './limits.ts';

/** The item of the state table with all paused classes: a process learns of each by one small read. */
const PAUSED = 'paused-classes';

/** A class whose mail waits, and why. */
export interface ClassPause extends Excess {
  /** Epoch milliseconds. */
  readonly since: number;
}

/** The end of a pause: the class is judged by the hours from `hour` on, so that the old rate does not pause it again. */
export interface ClassResume {
  readonly hour: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Name of the operator, as the command determined it. */
  readonly who: string;
}

/** Paused classes, and those that an operator resumed. */
export interface PausedClasses {
  readonly paused: Readonly<Record<string, ClassPause>>;
  readonly resumed: Readonly<Record<string, ClassResume>>;
}

/** Reads them; strongly consistent. */
export async function readPaused(table: Pick<Table, 'get'>): Promise<PausedClasses> {
  return pausedIn(await table.get(PAUSED));
}

/** Pauses the classes that `judge` names; nothing is written if there is no new one. */
export async function pauseClasses(
  table: Pick<Table, 'get' | 'write'>,
  judge: (known: PausedClasses) => ReadonlyMap<string, ClassPause>,
): Promise<PausedClasses> {
  const item = await changeItem(table, PAUSED, (current) => {
    const known = pausedIn(current);
    const found = judge(known);
    if (found.size === 0) return undefined;
    return { ...current, ...known, paused: { ...known.paused, ...Object.fromEntries(found) } };
  });
  return pausedIn(item);
}

/** Ends the pause of a class; resolves with it, or undefined if there was none. `hour`: the present one of stack time. */
export async function resumeClass(
  table: Pick<Table, 'get' | 'write'>,
  name: string,
  { who, now, hour }: { readonly who: string; readonly now: number; readonly hour: number },
): Promise<ClassPause | undefined> {
  let before: ClassPause | undefined;
  await changeItem(table, PAUSED, (current) => {
    const { paused, resumed } = pausedIn(current);
    // A class may have the name of a member that every object has.
    before = Object.hasOwn(paused, name) ? paused[name] : undefined;
    if (before === undefined) return undefined;
    const { [name]: _, ...others } = paused;
    const recent = Object.entries(resumed).filter(([, one]) => one.hour > hour - JUDGED_HOURS);
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
