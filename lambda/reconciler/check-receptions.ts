import { reportError, ServiceError } from '../platform/service-failure.ts';
import type { MissedSource, Reception } from '../providers/missed.ts';
import type { EnsureContext } from './context.ts';
import { divideDue } from './due.ts';
import type { ReceptionResult } from './settle.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/**
 * Longest time before now whose mail a run checks, in milliseconds of stack time; it limits the first run, and a run after a long
 * pause. Mailgun stores no mail for a longer time. Only mail in a list of undelivered mail may be older.
 */
const FIRST_LOOK_MS = 3 * 24 * 3_600_000;
/**
 * Largest number of times that a period of time is halved because more mail was received in it than can be listed, or can be
 * checked in one run.
 */
const HALVINGS = 12;
/**
 * Largest number of mails that are checked for one provider in one run. At most `MOST_UNDELIVERED` of them may come from the
 * provider's lists of undelivered mail, in which a mail stays even after it was received later.
 */
const MOST_A_RUN = 300;
const MOST_UNDELIVERED = 150;
/** Largest number of mails with a failed earlier check that are checked in one run, in addition to `MOST_A_RUN`. */
const MOST_AGAIN = 100;

/**
 * Result of a run for one provider. `behind`: some mail is left for the next run. `skipped`: a part of the time since the last
 * run is too long ago to be checked.
 */
export interface ReconcilerRun {
  readonly behind: boolean;
  readonly skipped: boolean;
}

/**
 * Checks the received mail of one provider as long as `hasTime` returns true. First come the mails in the provider's lists of
 * undelivered mail, then the mails since the last run, one period of time after the other, and finally the mails whose check
 * failed before.
 *
 * The progress is recorded after each period, and the id of the current mail before each check. A run may crash at any
 * point; the next run then treats the mail that was being checked with more caution.
 */
export async function checkReceptions(context: EnsureContext, hasTime: () => boolean): Promise<ReconcilerRun> {
  const { provider, source, scale, memory, dependencies } = context;
  const now = dependencies.clock.now();
  const { until: seen, at: crashedOn } = await memory.progress(provider.key);
  if (crashedOn !== undefined) await countCrash(crashedOn, context);
  try {
    const oldest = now - FIRST_LOOK_MS / scale;
    const to = now - source.lagMs / scale;
    const undelivered = await sorted(await source.undelivered(), context);
    const again = [...undelivered.again];
    const { checks: used } = await workThrough(undelivered.fresh, MOST_UNDELIVERED, context, hasTime);
    let left = MOST_A_RUN - used;
    let from = Math.max(seen ?? 0, oldest);
    let whole = true;
    for (let span = to - from; from < to && left > 0 && hasTime(); ) {
      const list = await listed(source, from, Math.min(to, from + span), hasTime);
      if (list === undefined) break;
      const { receptions, until } = list;
      const due = await sorted(receptions, context);
      again.push(...due.again);
      const { checks, settled, here } = await workThrough(due.fresh, left, context, hasTime);
      whole &&= settled === due.unsettled;
      if (whole) await memory.setProgress(provider.key, { until });
      // This period will be listed again, because the checks of some mail are not finished. Mail that has arrived is recorded, so
      // that it is skipped when the period is listed again.
      else for (const id of here) await memory.remember(provider.key, id, { settled: true });
      left -= checks;
      span = 2 * (until - from);
      from = until;
    }
    await workThrough(again, MOST_AGAIN, context, hasTime);
    const behind = !whole || from < to || used < undelivered.fresh.length;
    return { behind, skipped: seen !== undefined && seen < oldest };
  } finally {
    await memory.setProgress(provider.key, { at: undefined });
  }
}

async function sorted(receptions: readonly Reception[], { provider, memory, scale, dependencies }: EnsureContext) {
  const cases = await memory.cases(
    provider.key,
    receptions.map(({ id }) => id),
  );
  return divideDue(receptions, cases, { now: dependencies.clock.now(), scale });
}

async function countCrash(id: string, { provider, memory, dependencies }: EnsureContext): Promise<void> {
  const { crashes } = (await memory.cases(provider.key, [id])).get(id) ?? NEW_RECEPTION;
  await memory.remember(provider.key, id, { crashes: crashes + 1 });
  // The field `at` (id of the mail that was being checked) is removed now: if this run ends before its first check, the crash of
  // the previous run must not be counted a second time for this mail.
  await memory.setProgress(provider.key, { at: undefined });
  dependencies.log.error('a run crashed on this mail', { provider: provider.key, reception: id });
}

/**
 * Checks one mail after the other, at most `most` mails. `here`: ids of mails that had already arrived, and for which the
 * reconciler has no record.
 */
async function workThrough(due: readonly Reception[], most: number, context: EnsureContext, hasTime: () => boolean) {
  const { provider, memory } = context;
  const some = due.slice(0, most);
  const cases = await memory.cases(
    provider.key,
    some.map(({ id }) => id),
  );
  const here: string[] = [];
  let [checks, settled] = [0, 0];
  for (const reception of some) {
    if (!hasTime()) break;
    checks += 1;
    const before = cases.get(reception.id) ?? NEW_RECEPTION;
    const result = await checkOne(reception, before, context);
    if (result !== 'later') settled += 1;
    if (result !== 'here') continue;
    // A mail that stays in the provider's list for weeks is recorded as finished (`settled`), so that it is not checked in
    // each run.
    if (reception.state === 'taken' && before === NEW_RECEPTION) here.push(reception.id);
    else await memory.remember(provider.key, reception.id, { settled: true });
  }
  return { checks, settled, here };
}

async function checkOne(
  reception: Reception,
  before: ReceptionState,
  context: EnsureContext,
): Promise<ReceptionResult> {
  const { provider, memory, dependencies } = context;
  const { log, metrics, clock } = dependencies;
  await memory.setProgress(provider.key, { at: reception.id });
  try {
    // The mail parsers are loaded only when a mail is checked: many runs check no mail.
    const { ensureReceived } = await import('./settle.ts');
    const result = await ensureReceived(reception, before, context);
    if (result === 'later' || result === 'here') return result;
    log.warn('found by the reconciler', { provider: provider.key, outcome: result, state: reception.state });
    metrics.add('InboundReconciled', 1, { provider: provider.key, outcome: result });
    return result;
  } catch (error) {
    log.warn('left for a later run', { provider: provider.key, ...reportError(error) });
    const failures = before.failures + 1;
    await memory.remember(provider.key, reception.id, { failures, failedAt: clock.now() });
    return 'later';
  }
}

/**
 * Lists the mail of a period that begins at `from`. The period ends at `to`; it is halved until its mail can be listed, and
 * checked in one run. Returns undefined if no time is left.
 *
 * @throws ServiceError if the shortest period contains more mail than can be listed
 */
async function listed(source: MissedSource, from: number, to: number, hasTime: () => boolean) {
  let until = to;
  for (let halving = 0; halving <= HALVINGS; halving += 1) {
    if (!hasTime()) return undefined;
    const receptions = await source.between(from, until);
    const last = halving === HALVINGS;
    if (receptions !== 'too-many' && (receptions.length <= MOST_A_RUN || last)) return { receptions, until };
    until = from + (until - from) / 2;
  }
  throw new ServiceError('even the shortest period contains more received mail than can be listed');
}
