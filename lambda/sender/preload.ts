import type { Gate } from '../circuit/admission.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { ProviderPool } from '../providers/pool.ts';
import { ranking } from '../routing/route.ts';

/** Dependencies that a new process loads. */
interface Warmed {
  readonly pool: Pick<ProviderPool, 'prepare'>;
  readonly gate: Pick<Gate, 'recoveredSince'>;
  /** Processes a sample mail with the code of a provider, without effects. */
  readonly rehearse: (first: ProviderConfig) => Promise<void>;
}

/**
 * Loads what the first mail of a process needs: the connection to the table, the secret of the provider that is likely to be tried first, and
 * the code, by processing a sample mail. This takes a few seconds at most, and never throws. What cannot be loaded now is loaded when the
 * first mail needs it.
 */
export async function preload(
  { providers }: Pick<SenderEnvironment, 'providers'>,
  { pool, gate, rehearse }: Warmed,
): Promise<void> {
  const [first] = ranking(
    '',
    providers.filter(({ outbound }) => outbound !== false),
  );
  await Promise.allSettled([
    // Reads the states of the circuit breakers, which the first mail needs.
    gate.recoveredSince(Date.now()),
    ...(first ? [pool.prepare(first.provider), rehearse(first.provider)] : []),
  ]);
}
