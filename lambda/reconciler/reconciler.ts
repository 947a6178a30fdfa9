import type { ReconciledProvider, ReconcilerEnvironment } from '../contract/reconciler-environment.ts';
import type { TakeDependencies } from '../inbound/take.ts';
import type { Log } from '../platform/log.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { InboundModule, PostingType } from '../providers/inbound.ts';
import type { MissedContext, MissedSource, Reception } from '../providers/missed.ts';
import { createMemory } from './memory.ts';
import { type SettleContext, type Settlement, settle } from './settle.ts';

/** What reconciling needs of the world. */
export interface ReconcilerDependencies extends TakeDependencies {
  readonly environment: ReconcilerEnvironment;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly fetch: typeof fetch;
  loadInbound(type: PostingType): Promise<InboundModule>;
  loadMissed(type: PostingType): Promise<(context: MissedContext) => MissedSource>;
}

/** At the first run, and after a long pause, this far back: Mailgun keeps no mail longer. */
const FIRST_LOOK_MS = 3 * 24 * 3_600_000;
/** Younger mail is left to the provider's own first tries. */
const GRACE_MS = 10 * 60_000;
/** A span with more mail than can be listed is halved so often. */
const HALVINGS = 12;
/** Mail that is looked at for one provider in one run. */
const MOST_A_RUN = 300;

/**
 * Asks every receiving provider for mail that may not have arrived, and sees to it that each reached the inbound queue:
 * whole, or as a notice that says what is known. One run at a time; a run that is cut short is taken up by the next.
 */
export function createReconciler(dependencies: ReconcilerDependencies): (remainingMs: () => number) => Promise<void> {
  const { environment, clock, metrics, log } = dependencies;
  const memory = createMemory(dependencies.table, clock);
  const scale = environment.timeScale ?? 1;

  return async (remainingMs) => {
    for (const provider of environment.providers) {
      if (provider.type === 'ses') continue;
      try {
        const { behind } = await reconcile(provider, provider.type, remainingMs);
        metrics.add('InboundReconciled', 1, { provider: provider.key, outcome: behind ? 'behind' : 'looked' });
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(typeof error);
        log.error('cannot be reconciled', { provider: provider.key, error: name, detail: message.slice(0, 300) });
        metrics.add('InboundReconciled', 1, { provider: provider.key, outcome: 'failed' });
      }
    }
  };

  async function reconcile(provider: ReconciledProvider, type: PostingType, remainingMs: () => number) {
    const source = await open(provider, type);
    const module = await dependencies.loadInbound(type);
    const secret = await dependencies.secrets.read(provider.secretName ?? '');
    const now = clock.now();
    const from = Math.max((await memory.seenUntil(provider.key)) ?? 0, now - FIRST_LOOK_MS / scale);
    const { receptions, until } = await listed(source, from, now - GRACE_MS / scale);
    const standing = await source.standing();
    const all = [...standing, ...receptions];
    const cases = await memory.cases(
      provider.key,
      all.map(({ id }) => id),
    );
    const unseen = all.filter(({ id }) => cases.get(id)?.settled !== true);
    const work = unseen.slice(0, MOST_A_RUN);
    const thorough = unseen.length > work.length;
    let unsettled = unseen.length - work.length;
    for (const reception of work) {
      const over = remainingMs() < MARGIN_MS;
      const result = over ? 'later' : await one(reception, { provider, source, module, secret, scale, thorough });
      // What stands in a list comes again by itself; the rest holds the cursor back.
      if (result === 'later' && !standing.includes(reception)) unsettled += 1;
    }
    if (unsettled === 0) await memory.setSeenUntil(provider.key, until);
    return { behind: unsettled > 0 };
  }

  async function one(reception: Reception, at: Omit<SettleContext, 'memory' | 'dependencies'>): Promise<Settlement> {
    const result = await settle(reception, { ...at, memory, dependencies }).catch((error: unknown): Settlement => {
      const { name, message } = error instanceof Error ? error : new Error(typeof error);
      log.warn('kept for the next run', { provider: at.provider.key, error: name, detail: message.slice(0, 300) });
      return 'later';
    });
    if (result === 'later' || result === 'here') return result;
    log.warn('found by the reconciler', { provider: at.provider.key, outcome: result, state: reception.state });
    metrics.add('InboundReconciled', 1, { provider: at.provider.key, outcome: result });
    return result;
  }

  async function open(provider: ReconciledProvider, type: PostingType): Promise<MissedSource> {
    const create = await dependencies.loadMissed(type);
    const endpoint = environment.endpoints?.[provider.key];
    const { region, domains, blocked } = provider;
    return create({
      ...(endpoint !== undefined && { endpoint }),
      options: { ...(region && { region }), ...(domains && { domains }), ...(blocked && { blocked }) },
      secret: await dependencies.secrets.read(provider.secretName ?? ''),
      apiSecret: provider.apiSecretName === undefined ? {} : await dependencies.secrets.read(provider.apiSecretName),
      fetch: dependencies.fetch,
    });
  }
}

/** Room to write down what was done. */
const MARGIN_MS = 15_000;

/** As much of the span as can be listed, from its start on. */
async function listed(source: MissedSource, from: number, to: number) {
  let until = to;
  for (let halving = 0; until > from && halving <= HALVINGS; halving += 1) {
    const receptions = await source.between(from, until);
    if (receptions !== 'too-many') return { receptions, until };
    until = from + (until - from) / 2;
  }
  if (to <= from) return { receptions: [], until: from };
  throw new Error('more received mail than can be listed');
}
