import type { ProviderConfig } from '../contract/providers.ts';
import type { Clock } from '../platform/clock.ts';
import type { DnsResolver } from '../platform/dns.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import { within } from '../platform/within.ts';
import { askZone, zoneTrouble } from './blocklist.ts';

/** What the look into blocklists needs of the world. */
export interface BlocklistContext {
  readonly providers: readonly ProviderConfig[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Stack time runs so many times faster than the clock. */
  readonly timeScale: number;
  resolverOf(servers: readonly string[] | undefined): Promise<DnsResolver>;
}

/** Lists change by the hour, and their keepers count the questions. */
const EVERY_MS = 30 * 60_000;

/** The gauges of the minute wait for no more. */
const MOST_MS = 15_000;

/** Looks for own sending addresses in DNS blocklists; called each minute, it asks each half hour of stack time. Never throws. */
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
        within(MOST_MS, lookFor(provider, context), clock).catch((error: unknown) =>
          log.warn('blocklists not asked', {
            provider: provider.key,
            error: error instanceof Error ? error.name : typeof error,
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
        log.warn('blocklist silent', { provider, zone: nameOf(zone), reason });
        return undefined;
      };
      const trouble = await zoneTrouble(resolver, zone);
      if (trouble !== undefined) return silent(trouble);
      const verdicts = await Promise.all(addresses.map((address) => askZone(resolver, address, zone)));
      for (const [place, verdict] of verdicts.entries()) {
        if (verdict.kind === 'listed')
          log.warn('blocklisted', {
            provider,
            zone: nameOf(zone),
            ip: addresses[place] ?? '',
            codes: verdict.codes.join(' '),
          });
        if (verdict.kind === 'silent') silent(verdict.reason);
      }
      return verdicts.every(({ kind }) => kind === 'silent')
        ? undefined
        : verdicts.filter(({ kind }) => kind === 'listed').length;
    }),
  );
  const told = listings.filter((count) => count !== undefined);
  // Lists that say nothing are not lists that say nothing bad.
  if (told.length > 0)
    metrics.add(
      'Blocklisted',
      told.reduce((sum, count) => sum + count, 0),
      { provider },
    );
}

/** Without the first label where it may be a key: `<key>.zen.dq.spamhaus.net`. */
function nameOf(zone: string): string {
  const labels = zone.split('.');
  return labels.length > 3 ? labels.slice(1).join('.') : zone;
}
