import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import { attemptOf } from './attempt.ts';
import { serve } from './http-server.ts';

interface Fixture {
  source: string;
  date: string;
  status: number;
  headers: Record<string, string>;
  body: string;
  expected: { kind: string; blames?: string; reason?: string };
}

const folder = new URL('./fixtures/', import.meta.url);
const fixtures = readdirSync(folder).map(
  (name) => [name.replace('.json', ''), JSON.parse(readFileSync(new URL(name, folder), 'utf8'))] as [string, Fixture],
);

test.each(fixtures)('the answer "%s" over the wire and through the SDK', async (_, fixture) => {
  await using server = await serve(fixture);
  const provider = create({ key: 'pm', options: {}, secret: { serverToken: 'token' }, endpoint: server.url });
  const { outcome } = await provider.send(attemptOf());
  provider.close?.();
  const { kind, blames, reason } = fixture.expected;
  expect(outcome).toMatchObject(fixture.expected);
  expect([outcome.kind, 'blames' in outcome ? outcome.blames : undefined]).toEqual([kind, blames]);
  if (kind !== 'accepted') expect(outcome).toHaveProperty('reason', reason);
  expect(JSON.stringify(outcome)).not.toContain('ada@example.org');
  expect(server.seen).toHaveLength(1);
});

test('every fixture says where and when it was read', () => {
  for (const [, { source, date }] of fixtures)
    expect([source, date]).toEqual([expect.stringMatching(/\S/), '2026-11-23']);
});
