import { expect, test } from 'vitest';
import { answerGate } from '../../consumer/answers.ts';
import type { InboundMessage } from '../../lambda/contract/inbound.ts';
import { addressHashes } from '../../lambda/suppression/hash.ts';
import { memoryTable } from '../support/memory-table.ts';

const HOUR_MS = 3_600_000;
const MAIL = {
  envelope: { from: 'ada@example.org', to: ['box@in.example.com'] },
  flags: [],
  authentication: { spf: 'pass', dkim: 'pass', dmarc: 'pass' },
} as unknown as InboundMessage;

function given(options: { isKnown?: (address: string) => boolean } = {}) {
  const world = { now: 1_800_000_000_000, table: memoryTable() };
  const hashes = addressHashes({ read: async () => ({ key: 'k' }) }, 'own');
  const ask = answerGate({ table: world.table, hashes, now: () => world.now, ...options });
  return Object.assign(world, { ask: (more: object = {}) => ask({ ...MAIL, ...more } as InboundMessage) });
}

test('a person is answered at the sender of the envelope', async () => {
  const { ask, table } = given();

  expect(await ask()).toEqual({ may: true, to: 'ada@example.org' });
  expect(JSON.stringify([...table.items])).not.toContain('ada');
});

test.each(['auto-reply', 'bounce', 'list', 'loop'])('mail with the flag %s is not answered', async (flag) => {
  const { ask, table } = given();

  expect(await ask({ flags: ['truncated', flag] })).toEqual({ may: false, reason: flag });
  expect(table.writes).toBe(0);
});

test.each([
  [{ envelope: { from: null, to: [] } }, 'no-sender'],
  [{ envelope: { to: [] } }, 'no-sender'],
  [{ spam: { verdict: 'fail' } }, 'spam'],
  [{ authentication: undefined }, 'unauthenticated'],
  [{ authentication: { spf: 'fail', dkim: 'none' } }, 'unauthenticated'],
  [{ authentication: { dkim: 'pass' }, from: [{ address: 'ada@example.org' }] }, 'unauthenticated'],
  [{ authentication: { spf: 'pass', dkim: 'pass', dmarc: 'fail' } }, 'unauthenticated'],
])('%j is refused as %s', async (more, reason) => {
  expect(await given().ask(more)).toEqual({ may: false, reason });
});

test.each([{ flags: ['truncated', 'tnef'] }, { authentication: { spf: 'pass' } }, { spam: { verdict: 'pass' } }])(
  '%j is answered',
  async (more) => {
    expect(await given().ask(more)).toMatchObject({ may: true });
  },
);

test.each([
  [['Ada@Example.org'], 'ada@example.org', true],
  [['ada@example.org'], 'bounces@em.example.org', true],
  [['eve@evil.example'], 'ada@example.org', false],
  [['eve@evil-example.org'], 'ada@example.org', false],
  [['eve@example.org'], 'ada@evil-example.org', false],
  [['eve@shop.example.org'], 'ada@example.org', false],
  [['ada@example.org', 'eve@evil.example'], 'ada@example.org', false],
  [[''], 'ada@example.org', false],
  [[], 'ada@example.org', false],
])('DMARC of From %j proves the envelope sender %s: %j', async (from, sender, may) => {
  const mail = {
    from: from.map((address) => ({ address })),
    envelope: { from: sender, to: [] },
    authentication: { spf: 'none', dkim: 'pass', dmarc: 'pass' },
  };

  expect(await given().ask(mail)).toMatchObject({ may });
});

test('a known sender is answered without a signature, but not when flagged', async () => {
  const { ask } = given({ isKnown: (address) => address === 'ada@example.org' });

  expect(await ask({ authentication: undefined })).toMatchObject({ may: true });
  expect(await ask({ authentication: undefined, flags: ['loop'] })).toMatchObject({ may: false });
});

test('an address gets six answers within any hour', async () => {
  const world = given();
  const asked = async (times: number) => {
    const answers: boolean[] = [];
    for (let count = 0; count < times; count += 1) answers.push((await world.ask()).may);
    return answers.filter(Boolean).length;
  };
  expect(await asked(3)).toBe(3);
  world.now += HOUR_MS / 2;
  expect(await asked(5)).toBe(3);
  world.now += HOUR_MS / 2;
  expect(await asked(5)).toBe(3);
  expect(await world.ask({ envelope: { from: 'bob@example.org', to: [] } })).toMatchObject({ may: true });
  expect(await world.ask()).toEqual({ may: false, reason: 'rate' });
});

test('concurrent answers to one address keep to the rate', async () => {
  const world = given();

  const answers = await Promise.all(Array.from({ length: 20 }, () => world.ask()));

  const allowed = answers.filter(({ may }) => may).length;
  expect(allowed).toBeGreaterThan(0);
  expect(allowed).toBeLessThanOrEqual(6);
});

test('while the table does not answer nothing is permitted', async () => {
  const world = given();
  world.table.behavior = 'fail';

  await expect(world.ask()).rejects.toThrow();
});
