import type { ProviderConfig } from '../contract/providers.ts';

const DAY_MS = 86_400_000;

/**
 * The providers with their shares at a given time. One that warms up begins with a small share, which grows by the same
 * factor each day until `share` is reached. Before its start it has none, and only gets messages that the others did not
 * accept.
 *
 * A submission is routed by the time of its first receive, so that its retries use the same order.
 */
export function sharesAt(providers: readonly ProviderConfig[], now: number): readonly ProviderConfig[] {
  if (!providers.some(({ warmUp }) => warmUp)) return providers;
  return providers.map((given) => {
    const { share, ...provider } = given;
    const { warmUp } = provider;
    if (!warmUp || share === undefined) return given;
    const day = Math.floor((now - Date.parse(warmUp.start)) / DAY_MS);
    if (day < 0) return provider;
    const progress = Math.min(1, day / warmUp.days);
    return { ...provider, share: warmUp.from * (share / warmUp.from) ** progress };
  });
}
