import { reportError, ServiceError } from '../platform/service-failure.ts';
import type { MissedSource, Reception } from '../providers/missed.ts';
import type { EnsureContext } from './context.ts';
import { sortOut } from './due.ts';
import type { ReceptionResult } from './settle.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/** Start of the first run, and of one after a long pause: Mailgun keeps no mail longer. */
const FIRST_LOOK_MS = 3 * 24 * 3_600_000;
/** How often a span is halved that has more mail than can be listed, or checked in one run. */
const HALVINGS = 12;
/**
 * Largest number of mails checked for one provider in one run, and how many of them may come from lists whose mails stay
 * listed after they were received.
 */
const MOST_A_RUN = 300;
const MOST_STANDING = 150;
/** Largest number of mails checked again after a failed check, in addition. */
const MOST_AGAIN = 100;

/** Result of a run for one provider. `skipped`: some mail became too old to be checked. */
export interface ReconcilerRun {
  readonly behind: boolean;
  readonly skipped: boolean;
}

/**
 * Checks one provider while there is `room`: first the mail in its standing lists, then the rest span by span, and
 * finally the mail whose check failed before.
 *
 * The progress is recorded after each span, and the current mail before each check: a run may end at any point, and the
 * next run treats the mail that crashed it with more caution.
 */
export async function lookAt(context: EnsureContext, room: () => boolean): Promise<ReconcilerRun> {
  const { provider, source, scale, memory, dependencies } = context;
  const now = dependencies.clock.now();
  const { until: seen, at: crashedOn } = await memory.progress(provider.key);
  if (crashedOn !== undefined) await countCrash(crashedOn, context);
  try {
    const oldest = now - FIRST_LOOK_MS / scale;
    const to = now - source.lagMs / scale;
    const standing = await sorted(await source.standing(), context);
    const again = [...standing.again];
    const { looks: used } = await workThrough(standing.fresh, MOST_STANDING, context, room);
    let left = MOST_A_RUN - used;
    let from = Math.max(seen ?? 0, oldest);
    let whole = true;
    for (let span = to - from; from < to && left > 0 && room(); ) {
      const list = await listed(source, from, Math.min(to, from + span), room);
      if (list === undefined) break;
      const { receptions, until } = list;
      const due = await sorted(receptions, context);
      again.push(...due.again);
      const { looks, settled, here } = await workThrough(due.fresh, left, context, room);
      whole &&= settled === due.unsettled;
      if (whole) await memory.setProgress(provider.key, { until });
      // A mail that will be listed again must be remembered as arrived; normally nothing needs to be remembered.
      else for (const id of here) await memory.remember(provider.key, id, { settled: true });
      left -= looks;
      span = 2 * (until - from);
      from = until;
    }
    await workThrough(again, MOST_AGAIN, context, room);
    const behind = !whole || from < to || used < standing.fresh.length;
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
  return sortOut(receptions, cases, { now: dependencies.clock.now(), scale });
}

async function countCrash(id: string, { provider, memory, dependencies }: EnsureContext): Promise<void> {
  const { crashes } = (await memory.cases(provider.key, [id])).get(id) ?? NEW_RECEPTION;
  await memory.remember(provider.key, id, { crashes: crashes + 1 });
  // The mark is removed now: if this run ends before its first check, the mail of the previous run must not be blamed
  // again.
  await memory.setProgress(provider.key, { at: undefined });
  dependencies.log.error('a run crashed on this mail', { provider: provider.key, reception: id });
}

/** Checks one mail after the other. `here`: mail that had arrived and for which nothing was recorded. */
async function workThrough(due: readonly Reception[], most: number, context: EnsureContext, room: () => boolean) {
  const { provider, memory } = context;
  const some = due.slice(0, most);
  const cases = await memory.cases(
    provider.key,
    some.map(({ id }) => id),
  );
  const here: string[] = [];
  let [looks, settled] = [0, 0];
  for (const reception of some) {
    if (!room()) break;
    looks += 1;
    const before = cases.get(reception.id) ?? NEW_RECEPTION;
    const result = await one(reception, before, context);
    if (result !== 'later') settled += 1;
    if (result !== 'here') continue;
    // A mail that stays in the provider's list for weeks is remembered, so that it is not checked in each run.
    if (reception.state === 'taken' && before === NEW_RECEPTION) here.push(reception.id);
    else await memory.remember(provider.key, reception.id, { settled: true });
  }
  return { looks, settled, here };
}

async function one(reception: Reception, before: ReceptionState, context: EnsureContext): Promise<ReceptionResult> {
  const { provider, memory, dependencies } = context;
  const { log, metrics, clock } = dependencies;
  await memory.setProgress(provider.key, { at: reception.id });
  try {
    // The readers of mail are loaded by the first mail that is missing: most runs find none.
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

/** The longest first part of the span that can be listed and checked in this run; undefined if the run has no time left. */
async function listed(source: MissedSource, from: number, to: number, room: () => boolean) {
  let until = to;
  for (let halving = 0; halving <= HALVINGS; halving += 1) {
    if (!room()) return undefined;
    const receptions = await source.between(from, until);
    const last = halving === HALVINGS;
    if (receptions !== 'too-many' && (receptions.length <= MOST_A_RUN || last)) return { receptions, until };
    until = from + (until - from) / 2;
  }
  throw new ServiceError('more received mail than can be listed');
}
