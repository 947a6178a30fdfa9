import type { ReconciledProvider } from '../contract/reconciler-environment.ts';
import { defined } from '../platform/defined.ts';
import { reportError } from '../platform/service-failure.ts';
import type { MissedSource } from '../providers/missed.ts';
import type { EnsureContext, ReconcilerDependencies } from './context.ts';
import { lookAt } from './look.ts';
import { createReconcilerState } from './state.ts';

/**
 * Time left to finish the current mail: an answer in 10 s, a copy fetched in 15 s, twelve seconds of waiting for another
 * copy, and the writes that follow. With less time an ordinary mail that takes long would count as a mail that crashes
 * runs.
 */
const MARGIN_MS = 45_000;

/**
 * Asks every receiving provider for mail that may not have arrived, and ensures that each mail reached the inbound queue:
 * complete, or as a notice with what is known. One run at a time; the next run continues one that was cut off.
 */
export function createReconciler(dependencies: ReconcilerDependencies): (remainingMs: () => number) => Promise<void> {
  const { environment, metrics, log } = dependencies;
  const memory = createReconcilerState(dependencies.table, dependencies.clock);

  return async (remainingMs) => {
    const { providers } = environment;
    for (const [place, provider] of providers.entries()) {
      // An equal share of the time left, so that no provider waits forever for one with much mail or slow answers.
      const begun = remainingMs();
      const end = begun - (begun - MARGIN_MS) / (providers.length - place);
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
      log.error('cannot be reconciled', { provider: provider.key, ...reportError(error) });
      count('failed');
    }
  }

  async function contextOf(provider: ReconciledProvider): Promise<EnsureContext> {
    const type = provider.type;
    const source = await open(provider, type);
    const module = await dependencies.loadInbound(type);
    const secret = await dependencies.secrets.read(provider.secretName ?? '');
    return { provider, source, module, secret, scale: environment.timeScale ?? 1, memory, dependencies };
  }

  async function open(provider: ReconciledProvider, type: string): Promise<MissedSource> {
    const { missed } = await dependencies.loadMissed(type);
    const endpoint = environment.endpoints?.[provider.key];
    return missed({
      ...defined({ endpoint }),
      options: provider.missed,
      secret: await dependencies.secrets.read(provider.secretName ?? ''),
      apiSecret: provider.apiSecretName === undefined ? {} : await dependencies.secrets.read(provider.apiSecretName),
      fetch: dependencies.fetch,
    });
  }
}
