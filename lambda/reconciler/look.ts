import { ServiceError, tellError } from '../platform/service-failure.ts';
import type { MissedSource, Reception } from '../providers/missed.ts';
import { sortOut } from './due.ts';
import { type EnsureContext, ensureReceived, type ReceptionResult } from './settle.ts';
import { NEW_RECEPTION, type ReceptionState } from './state.ts';

/** At the first run, and after a long pause, this far back: Mailgun keeps no mail longer. */
const FIRST_LOOK_MS = 3 * 24 * 3_600_000;
/** A span with more mail than can be listed, or looked at in one run, is halved so often. */
const HALVINGS = 12;
/** Mail that is looked at for one provider in one run, and how much of it may be what stands in a list. */
const MOST_A_RUN = 300;
const MOST_STANDING = 150;
/** Mail that is looked at besides, after a look that failed. */
const MOST_AGAIN = 100;

/** What came of a look at one provider. `skipped`: some mail is too old to be looked at any more. */
export interface ReconcilerRun {
  readonly behind: boolean;
  readonly skipped: boolean;
}

/**
 * Looks at one provider: at what stands in its lists, then span by span at the rest, and last at what had failed before,
 * while there is `room`.
 *
 * How far all is settled is written down span by span, and which mail is in hand with each: a run may be cut off
 * anywhere, and what killed it is met with more caution by the next.
 */
export async function lookAt(context: EnsureContext, room: () => boolean): Promise<ReconcilerRun> {
  const { provider, source, scale, memory, dependencies } = context;
  const now = dependencies.clock.now();
  const { until: seen, at: killer } = await memory.progress(provider.key);
  if (killer !== undefined) await countDeath(killer, context);
  try {
    const oldest = now - FIRST_LOOK_MS / scale;
    const to = now - source.lagMs / scale;
    const stand = await sorted(await source.standing(), context);
    const again = [...stand.again];
    const { looks: used } = await workThrough(stand.fresh, MOST_STANDING, context, room);
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
      // What is listed again need not be looked at again; else nothing is to be remembered, and that is nearly all.
      else for (const id of here) await memory.remember(provider.key, id, { settled: true });
      left -= looks;
      span = 2 * (until - from);
      from = until;
    }
    await workThrough(again, MOST_AGAIN, context, room);
    const behind = !whole || from < to || used < stand.fresh.length;
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

async function countDeath(id: string, { provider, memory, dependencies }: EnsureContext): Promise<void> {
  const { deaths } = (await memory.cases(provider.key, [id])).get(id) ?? NEW_RECEPTION;
  await memory.remember(provider.key, id, { deaths: deaths + 1 });
  // Should this run end before it has another mail in hand, the one of before is not to blame.
  await memory.setProgress(provider.key, { at: undefined });
  dependencies.log.error('a run ended over this mail', { provider: provider.key, reception: id });
}

/** Settles one after the other. `here`: had arrived, and nothing was written of it. */
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
    // Mail in a list that stays would be looked at for weeks.
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
    const result = await ensureReceived(reception, before, context);
    if (result === 'later' || result === 'here') return result;
    log.warn('found by the reconciler', { provider: provider.key, outcome: result, state: reception.state });
    metrics.add('InboundReconciled', 1, { provider: provider.key, outcome: result });
    return result;
  } catch (error) {
    log.warn('kept for a later run', { provider: provider.key, ...tellError(error) });
    const failures = before.failures + 1;
    await memory.remember(provider.key, reception.id, { failures, failedAt: clock.now() });
    return 'later';
  }
}

/** As much of the span as can be listed and looked at, from its start on; undefined if there is no room for that. */
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
