import type { ReconciledProvider } from '../contract/reconciler-environment.ts';
import { defined } from '../platform/defined.ts';
import { reportError } from '../platform/service-failure.ts';
import { checkReceptions } from './check-receptions.ts';
import type { EnsureContext, ReconcilerDependencies } from './context.ts';
import { createReconcilerState } from './state.ts';

/**
 * Time, in milliseconds, that is reserved to finish the check of the current mail: 10 s for an answer of the provider's API, 15 s
 * to fetch the mail, 12 s to wait for another process that delivers the same mail, and time for the writes that follow. With less
 * time, a run could be ended during the check of an ordinary but slow mail, and this mail would count as a mail that crashes
 * runs.
 */
const MARGIN_MS = 45_000;

/**
 * Creates the function that asks every receiving provider for mail that may not have arrived. The function ensures that each of
 * these mails is put on the inbound queue: as a complete message, or, if this is impossible, as a truncated message with the part
 * that is known. Runs do not overlap. If a run is cut off, the next run continues its work.
 */
export function createReconciler(dependencies: ReconcilerDependencies): (remainingMs: () => number) => Promise<void> {
  const { environment, metrics, log } = dependencies;
  const memory = createReconcilerState(dependencies.table, dependencies.clock);

  return async (remainingMs) => {
    const { providers } = environment;
    for (const [place, provider] of providers.entries()) {
      // Each provider gets an equal share of the time left: much mail or slow answers of one provider do not prevent the
      // checks of the other providers.
      const begun = remainingMs();
      const end = begun - (begun - MARGIN_MS) / (providers.length - place);
      await reconcile(provider, () => remainingMs() > end);
    }
  };

  async function reconcile(provider: ReconciledProvider, hasTime: () => boolean): Promise<void> {
    const count = (outcome: string) => metrics.add('InboundReconciled', 1, { provider: provider.key, outcome });
    try {
      const { behind, skipped } = await checkReceptions(await contextOf(provider), hasTime);
      count(behind ? 'behind' : 'looked');
      if (skipped) count('skipped');
    } catch (error) {
      log.error('cannot be reconciled', { provider: provider.key, ...reportError(error) });
      count('failed');
    }
  }

  async function contextOf(provider: ReconciledProvider): Promise<EnsureContext> {
    const { secrets, fetch } = dependencies;
    const { missed } = await dependencies.loadMissed(provider.type);
    const secret = await secrets.read(provider.secretName ?? '');
    const source = missed({
      ...defined({ endpoint: environment.endpoints?.[provider.key] }),
      options: provider.missed,
      secret,
      apiSecret: provider.apiSecretName === undefined ? {} : await secrets.read(provider.apiSecretName),
      fetch,
    });
    const module = await dependencies.loadInbound(provider.type);
    return { provider, source, module, secret, scale: environment.timeScale ?? 1, memory, dependencies };
  }
}
