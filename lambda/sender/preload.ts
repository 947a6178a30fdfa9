import type { Gate } from '../circuit/admission.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { ProviderPool } from '../providers/pool.ts';
import { ranking } from '../routing/route.ts';

/** Dependencies that a new process uses to load code, secrets and data. */
interface Warmed {
  readonly pool: Pick<ProviderPool, 'prepare'>;
  readonly gate: Pick<Gate, 'recoveredSince'>;
  /** Processes a sample mail with the code of a provider, without sending or storing anything. */
  readonly rehearse: (first: ProviderConfig) => Promise<void>;
}

/**
 * Loads everything that the first mail of a process needs: the states of the circuit breakers, and the secret and the code of the
 * provider that is likely to be tried first. The remaining code is loaded by processing a sample mail. This function takes a few
 * seconds at most, and never throws. If something cannot be loaded now, it is loaded when the first mail needs it.
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
    // This call is made only because it reads the states of the circuit breakers. Its result is not used.
    gate.recoveredSince(Date.now()),
    ...(first ? [pool.prepare(first.provider), rehearse(first.provider)] : []),
  ]);
}
