import type { ReconciledProvider, ReconcilerEnvironment } from '../contract/reconciler-environment.ts';
import type { TakeDependencies } from '../inbound/take.ts';
import type { Log } from '../platform/log.ts';
import type { Secrets } from '../platform/secrets.ts';
import { tellError } from '../platform/service-failure.ts';
import type { InboundModule, PostingType } from '../providers/inbound.ts';
import type { MissedContext, MissedSource } from '../providers/missed.ts';
import { lookAt } from './look.ts';
import type { EnsureContext } from './settle.ts';
import { createReconcilerState } from './state.ts';

/** What reconciling needs of the world. */
export interface ReconcilerDependencies extends TakeDependencies {
  readonly environment: ReconcilerEnvironment;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly fetch: typeof fetch;
  loadInbound(type: PostingType): Promise<InboundModule>;
  loadMissed(type: PostingType): Promise<(context: MissedContext) => MissedSource>;
}

/**
 * Room to bring the mail in hand to its end: an answer of 10 s, a copy fetched in 15 s, twelve seconds for another copy at
 * work, and what is written then. A healthy mail must not look like one that kills runs.
 */
const MARGIN_MS = 45_000;

/**
 * Asks every receiving provider for mail that may not have arrived, and sees to it that each reached the inbound queue:
 * whole, or as a notice that says what is known. One run at a time; a run that is cut short is taken up by the next.
 */
export function createReconciler(dependencies: ReconcilerDependencies): (remainingMs: () => number) => Promise<void> {
  const { environment, metrics, log } = dependencies;
  const memory = createReconcilerState(dependencies.table, dependencies.clock);

  return async (remainingMs) => {
    const asked = environment.providers.filter(({ type }) => type !== 'ses');
    for (const [place, provider] of asked.entries()) {
      // An equal share of what is left: none waits for ever behind one with much mail, or slow answers.
      const begun = remainingMs();
      const end = begun - (begun - MARGIN_MS) / (asked.length - place);
      await reconcile(provider, () => remainingMs() > end);
    }
  };

  async function reconcile(provider: ReconciledProvider, room: () => boolean): Promise<void> {
    const count = (outcome: string) => metrics.add('InboundReconciled', 1, { provider: provider.key, outcome });
    try {
      const { behind, skipped } = await lookAt(await contextOf(provider), room);
      count(behind ? 'behind' : 'looked');
      if (skipped) count('skipped');
    } catch (error) {
      log.error('cannot be reconciled', { provider: provider.key, ...tellError(error) });
      count('failed');
    }
  }

  async function contextOf(provider: ReconciledProvider): Promise<EnsureContext> {
    const type = provider.type as PostingType;
    const source = await open(provider, type);
    const module = await dependencies.loadInbound(type);
    const secret = await dependencies.secrets.read(provider.secretName ?? '');
    return { provider, source, module, secret, scale: environment.timeScale ?? 1, memory, dependencies };
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
