import { expect, it, vi } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { preload } from '../../../lambda/sender/preload.ts';

const one = (key: string, more: Partial<ProviderConfig> = {}): ProviderConfig => ({
  key,
  type: 'postmark',
  options: {},
  ...more,
});

it.each([
  ['the first provider of the list', [one('a'), one('b')], 'a'],
  ['the provider with the highest priority', [one('a'), one('b', { priority: 9 })], 'b'],
  ['the first provider that sends mail', [one('a', { outbound: false }), one('b')], 'b'],
])('a new process prepares and rehearses %s, and no other provider', async (_, providers, expected) => {
  const prepare = vi.fn(async () => undefined);
  const recoveredSince = vi.fn(async () => false);
  const rehearse = vi.fn(async () => undefined);

  await preload({ providers }, { pool: { prepare }, gate: { recoveredSince }, rehearse });

  expect(prepare.mock.calls).toEqual([[expect.objectContaining({ key: expected })]]);
  expect(rehearse.mock.calls).toEqual(prepare.mock.calls);
  expect(recoveredSince).toHaveBeenCalledTimes(1);
});

it('a new process starts although nothing can be prepared', async () => {
  const fails = () => Promise.reject(new Error('not now'));

  const nothing = { pool: { prepare: fails }, gate: { recoveredSince: fails }, rehearse: fails };

  await preload({ providers: [one('a')] }, nothing);
  await preload({ providers: [] }, nothing);
});
