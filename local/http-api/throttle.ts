import type { DeployedThrottle } from '../template/apis.ts';

interface Bucket {
  tokens: number;
  /** Time of the last refill, in milliseconds of stack time. */
  at: number;
}

/**
 * Token buckets of routes, as API Gateway has them. Each bucket admits `rate` requests a second; after a pause it admits up to
 * `burst` requests at the same time (docs.aws.amazon.com/apigateway, http-api-throttling, collected 2026-11-30).
 *
 * The buckets are filled in stack time (the local clock, which may run faster than real time). At a time scale of 60 the webhooks
 * of the simulated providers come 60 times as often in a real second. Buckets that are filled in real time would refuse traffic
 * that the deployed API admits.
 */
export class Throttle {
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a token from the bucket of the route; returns false if the bucket is empty. */
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
