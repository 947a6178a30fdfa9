import type { DeployedThrottle } from '../template/apis.ts';

interface Bucket {
  tokens: number;
  /** Time of the last refill, in milliseconds by the clock of the local stack. */
  at: number;
}

/**
 * Rate limits of routes: token buckets like those of API Gateway. Each bucket admits `rate` requests a second; after a pause it
 * admits up to `burst` requests at the same time (docs.aws.amazon.com/apigateway, http-api-throttling, collected 2026-11-30).
 *
 * The buckets are filled by the clock of the local stack, which may run faster than real time. At a time scale of 60 the
 * simulated providers post their webhooks 60 times as often in a real second. Buckets that are filled by real time would refuse
 * requests that the deployed API admits.
 */
export class Throttle {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Removes one token from the bucket of the route and returns true; returns false if the bucket is empty. */
  admits(route: string, { rate, burst }: DeployedThrottle): boolean {
    const now = this.#now();
    const bucket = this.#buckets.get(route) ?? { tokens: burst, at: now };
    this.#buckets.set(route, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
