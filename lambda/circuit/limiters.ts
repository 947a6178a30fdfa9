import type { ProviderConfig } from '../contract/providers.ts';
import { Limiter, type LimiterContext } from './limiter.ts';

type Shared = Omit<LimiterContext, 'provider' | 'perSecond' | 'together'>;

/**
 * The rate limiters of this process: one for each provider with the setting `maxPerSecond`. Each limiter is created when it is
 * first used.
 */
export class Limiters {
  readonly #shared: Shared;
  readonly #othersPerSecond: (provider: string) => number;
  readonly #limiters = new Map<string, Limiter>();

  /** `othersPerSecond` returns the sum of the rate limits of all other providers that are available, in calls per second. */
  constructor(shared: Shared, othersPerSecond: (provider: string) => number) {
    this.#shared = shared;
    this.#othersPerSecond = othersPerSecond;
  }

  /** Returns the rate limiter of a provider; undefined if the provider has no setting `maxPerSecond`. */
  of({ key: provider, maxPerSecond: perSecond }: ProviderConfig): Limiter | undefined {
    if (perSecond === undefined) return undefined;
    const together = () => perSecond + this.#othersPerSecond(provider);
    const limiter = this.#limiters.get(provider) ?? new Limiter({ ...this.#shared, provider, perSecond, together });
    this.#limiters.set(provider, limiter);
    return limiter;
  }
}
