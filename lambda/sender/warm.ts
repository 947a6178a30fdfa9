import type { Gate } from '../circuit/admission.ts';
import type { SenderEnvironment } from '../contract/environment.ts';
import { loadComposer } from '../mail/mime.ts';
import { loadMetrics } from '../platform/metrics.ts';
import type { ProviderPool } from '../providers/pool.ts';
import { definitionOf } from '../providers/registry.ts';
import { ranking } from '../routing/route.ts';
import { loadContract } from './intake.ts';

/** A submission of the usual form. */
const SAMPLE = JSON.stringify({ version: 1, from: 'a@example.com', to: ['b@example.com'], subject: 'c', text: 'd' });

/**
 * Loads what the first mail of a process needs: the schema, the table, and secret, code and SDK of the provider that is
 * likely to be tried first. It takes some seconds at most, and never throws: what cannot be loaded now is loaded by the
 * first mail.
 */
export async function warm(
  { providers }: Pick<SenderEnvironment, 'providers'>,
  { pool, gate }: { readonly pool: Pick<ProviderPool, 'prepare'>; readonly gate: Pick<Gate, 'recoveredSince'> },
): Promise<void> {
  const [first] = ranking(
    '',
    providers.filter(({ outbound }) => outbound !== false),
  );
  await Promise.allSettled([
    // The schema is compiled by its first use.
    loadContract().then(({ readSubmission }) => readSubmission(SAMPLE)),
    loadMetrics(),
    // Reads the circuits, as the first mail does.
    gate.recoveredSince(Date.now()),
    ...(first ? [pool.prepare(first.provider)] : []),
    ...(first && definitionOf(first.provider.type).mime ? [loadComposer()] : []),
  ]);
}
