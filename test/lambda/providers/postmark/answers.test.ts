import { expect, test } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import { startServer, verbatim } from '../../../support/local-server.ts';
import { fixturesIn } from '../fixtures.ts';
import { attemptOf } from './attempt.ts';

const fixtures = fixturesIn('postmark');

test.each(fixtures)('the answer "%s" over the wire and through the SDK', async (_, fixture) => {
  await using server = await startServer(verbatim(fixture.status, fixture.headers, fixture.body));
  const provider = create({ key: 'pm', options: {}, secret: { serverToken: 'token' }, endpoint: server.url });
  const { outcome } = await provider.send(attemptOf());
  provider.close?.();
  const { kind, blames, reason } = fixture.expected;
  expect(outcome).toMatchObject(fixture.expected);
  expect([outcome.kind, 'blames' in outcome ? outcome.blames : undefined]).toEqual([kind, blames]);
  if (kind !== 'accepted') expect(outcome).toHaveProperty('reason', reason);
  expect(JSON.stringify(outcome)).not.toContain('ada@example.org');
  expect(server.received).toHaveLength(1);
});

test('every fixture says where and when it was read', () => {
  for (const [, { source, date }] of fixtures)
    expect([source, date]).toEqual([expect.stringMatching(/\S/), '2026-11-23']);
});
