import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { DnsResolver } from '../platform/dns.ts';
import { errorName } from '../platform/error-name.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import { askZone, zoneTrouble } from './blocklist.ts';

/** Dependencies of the check of blocklists. */
export interface BlocklistContext {
  readonly providers: readonly ProviderConfig[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Number of seconds of stack time in one second of the real clock. It differs from 1 only on a local stack. */
  readonly timeScale: number;
  resolverOf(servers: readonly string[] | undefined): Promise<DnsResolver>;
}

/**
 * Interval of the checks, in milliseconds of stack time. Blocklists change by the hour, and their operators limit the number of
 * queries.
 */
const EVERY_MS = 30 * 60_000;

/** Longest wait for the answers, in milliseconds: the metrics of the other checks are written only afterwards. */
const MOST_MS = 15_000;

/**
 * Creates the function that checks the configured sending addresses of the providers against DNS blocklists. The function is
 * called each minute, and asks the blocklists every half hour of stack time (on a local stack, time may run faster than the
 * clock). It never throws.
 */
export function blocklistChecker(context: BlocklistContext): () => Promise<void> {
  const { clock, timeScale, log } = context;
  const providers = context.providers.filter(({ blocklists }) => blocklists !== undefined);
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = clock.now();
    if (providers.length === 0 || (now - askedAt) * timeScale < EVERY_MS) return;
    askedAt = now;
    await Promise.all(
      providers.map((provider) =>
        withTimeout(MOST_MS, lookFor(provider, context), clock).catch((error: unknown) =>
          log.warn('blocklists not asked', {
            provider: provider.key,
            error: errorName(error),
          }),
        ),
      ),
    );
  };
}

async function lookFor({ key: provider, blocklists }: ProviderConfig, context: BlocklistContext): Promise<void> {
  const { metrics, log, resolverOf } = context;
  const { addresses = [], zones = [], resolvers } = blocklists ?? {};
  const resolver = await resolverOf(resolvers);
  const listings = await Promise.all(
    zones.map(async (zone) => {
      const silent = (reason: string) => {
        log.warn('blocklist without a result', { provider, zone: nameOf(zone), reason });
        return undefined;
      };
      const trouble = await zoneTrouble(resolver, zone);
      if (trouble !== undefined) return silent(trouble);
      const results = await Promise.all(addresses.map((address) => askZone(resolver, address, zone)));
      for (const [place, result] of results.entries()) {
        if (result.kind === 'listed')
          log.warn('blocklisted', {
            provider,
            zone: nameOf(zone),
            ip: addresses[place] ?? '',
            codes: result.codes.join(' '),
          });
        if (result.kind === 'silent') silent(result.reason);
      }
      return results.every(({ kind }) => kind === 'silent')
        ? undefined
        : results.filter(({ kind }) => kind === 'listed').length;
    }),
  );
  const counts = listings.filter((count) => count !== undefined);
  // Without any answer the number of listings is unknown, not zero.
  if (counts.length > 0)
    metrics.add(
      'Blocklisted',
      counts.reduce((sum, count) => sum + count, 0),
      { provider },
    );
}

/**
 * Returns the name of a zone for the log. If a zone has more than three labels, the first label is left out, since it may be an
 * access key: `<key>.zen.dq.spamhaus.net`.
 */
function nameOf(zone: string): string {
  const labels = zone.split('.');
  return labels.length > 3 ? labels.slice(1).join('.') : zone;
}
