import type { ProviderConfig } from '../contract/providers.ts';

const DAY_MS = 86_400_000;

/**
 * Returns the providers with their shares at a given time. A provider with `warmUp` begins with a small share, which grows by the
 * same factor each day until the configured `share` is reached; then the result has no `warmUp`. Before its `start`, the share is 0.
 *
 * For a submission, the given time is the time at which the submission was first received. Therefore its retries use the same order of providers.
 */
export function sharesAt(providers: readonly ProviderConfig[], now: number): readonly ProviderConfig[] {
  if (!providers.some(({ warmUp }) => warmUp)) return providers;
  return providers.map((given) => {
    const { warmUp, ...provider } = given;
    const { share } = provider;
    if (!warmUp || share === undefined) return given;
    const day = Math.floor((now - Date.parse(warmUp.start)) / DAY_MS);
    if (day >= warmUp.days) return provider;
    return { ...given, share: day < 0 ? 0 : warmUp.from * (share / warmUp.from) ** (day / warmUp.days) };
  });
}
