import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { defined } from '../../../lambda/platform/defined.ts';
import { retryConcurrencyOf } from '../../../lib/configuration/retry-concurrency.ts';

const providers = (...rates: (number | undefined)[]): ProviderConfig[] =>
  rates.map((maxPerSecond, place) => ({
    key: `p${place}`,
    type: 'postmark',
    options: {},
    ...defined({ maxPerSecond }),
  }));

describe('the concurrency of a retry queue', () => {
  it.each([
    ['no rate is known', providers(undefined, undefined), 5],
    ['rates are small', providers(1, undefined), 5],
    ['a backlog could use more', providers(10, 10, 14, 1), 11],
    ['rates are without reason', providers(5_000), 100],
  ])('suits the providers where %s', (_, given, expected) => {
    expect(retryConcurrencyOf(given)).toBe(expected);
  });
});
