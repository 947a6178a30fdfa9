import { beforeAll, expect, test } from 'vitest';
import { create } from '../../../../lambda/providers/smtp/send.ts';
import { attemptTo } from './attempt.ts';
import { certificateFor } from './certificate.ts';
import { smtpFixtures } from './fixtures.ts';
import { serve } from './smtp-server.ts';

let certificate: { key: string; cert: string };
beforeAll(async () => {
  certificate = await certificateFor({ ip: '127.0.0.1' }, true);
});

test.each(smtpFixtures)('the reply "%s" over the wire', async (_, { stage, reply, expected }) => {
  await using server = await serve({
    replies: { [stage]: reply },
    extensions: ['AUTH PLAIN'],
    ...(stage === 'starttls' && { certificate }),
  });
  const provider = create({
    key: 'own-mta',
    options: { host: 'unused.invalid', tls: stage === 'starttls' ? 'starttls' : 'none' },
    secret: stage === 'auth' ? { username: 'u', password: 'p' } : {},
    endpoint: `smtp://127.0.0.1:${server.port}`,
  });
  const { outcome, recipients } = await provider.send(attemptTo());
  provider.close?.();
  const { kind, blames, reason } = { blames: undefined, reason: undefined, ...outcome };
  expect({ kind, blames, reason }).toEqual({ blames: undefined, ...expected });
  expect(recipients).toBeUndefined();
  expect(server.sessions).toHaveLength(1);
});

test('every fixture says where and when it was read', () => {
  for (const [, { source, date }] of smtpFixtures)
    expect([source, date]).toEqual([expect.stringMatching(/\S/), '2026-11-23']);
});
