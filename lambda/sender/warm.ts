import type { Gate } from '../circuit/admission.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import type { ProviderConfig } from '../contract/providers.ts';
import type { ProviderPool } from '../providers/pool.ts';
import { ranking } from '../routing/route.ts';

/** What a new process loads from. */
interface Warmed {
  readonly pool: Pick<ProviderPool, 'prepare'>;
  readonly gate: Pick<Gate, 'recoveredSince'>;
  /** Processes a sample mail over a provider, without effects. */
  readonly rehearse: (first: ProviderConfig) => Promise<void>;
}

/**
 * Loads what the first mail of a process needs: the table, the secret of the provider that is likely to be tried first, and
 * the code, by a rehearsal. It takes some seconds at most, and never throws: what cannot be loaded now is loaded by the
 * first mail.
 */
export async function warm(
  { providers }: Pick<SenderEnvironment, 'providers'>,
  { pool, gate, rehearse }: Warmed,
): Promise<void> {
  const [first] = ranking(
    '',
    providers.filter(({ outbound }) => outbound !== false),
  );
  await Promise.allSettled([
    // Reads the circuits, as the first mail does.
    gate.recoveredSince(Date.now()),
    ...(first ? [pool.prepare(first.provider), rehearse(first.provider)] : []),
  ]);
}
