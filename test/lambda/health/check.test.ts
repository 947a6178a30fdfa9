import { describe, expect, it } from 'vitest';
import { switchItem } from '../../../lambda/circuit/items.ts';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import { checkHealth } from '../../../lambda/health/check.ts';
import type { Health } from '../../../lambda/providers/provider.ts';
import { manualClock, settled } from '../../support/manual-clock.ts';
import { memoryTable } from '../../support/memory-table.ts';

const PROVIDERS: readonly ProviderConfig[] = [
  { key: 'pm', type: 'postmark', options: {} },
  { key: 'mg', type: 'mailgun', options: { domain: 'mg.example.com' } },
];
const HEALTHY: Health = { state: 'healthy' };
const REFUSED: Health = { state: 'account-refused', reason: 'account-suspended' };
const WRONG_KEY: Health = { state: 'account-refused', reason: 'authentication' };
const UNREACHABLE: Health = { state: 'unreachable', reason: 'no-answer' };
const DAY = 24 * 3_600_000;

describe('the gauges of an account', () => {
  it('distinguish a healthy account from a refused one, for each provider', async () => {
    const world = given({ pm: HEALTHY, mg: { ...REFUSED, quotaHeadroom: 0.25, underReview: true } });

    await world.check();

    expect(world.values('AccountHealthy')).toEqual({ pm: 1, mg: 0 });
    expect(world.values('QuotaHeadroom')).toEqual({ mg: 0.25 });
    expect(world.values('UnderReview')).toEqual({ mg: 1 });
    expect(world.lines).toEqual(['account refused mg account-suspended']);
  });

  it('have no value for an account that does not answer, and the log says so', async () => {
    const world = given({ pm: UNREACHABLE, mg: HEALTHY });

    await world.check();

    expect(world.values('AccountHealthy')).toEqual({ mg: 1 });
    expect(Object.keys(world.values('CircuitState'))).toEqual(['pm', 'mg']);
    expect(world.lines).toEqual(['account not known pm no-answer']);
  });

  it.each([
    ['whose probe is under way', { probe: { by: 'w', until: 0 } }],
    ['whose last probe gave no result', { at: 0 }],
  ])(
    'report an account that refused an attempt, %s, until it could have been tried for a quarter of an hour',
    async (_, part) => {
      const world = given({ pm: UNREACHABLE, mg: HEALTHY });
      const now = world.clock.now();
      const at = 'at' in part ? { at: now } : { probe: { ...part.probe, until: now } };
      const state = { kind: 'half-open', since: 1, trips: 1, cause: { blames: 'account', reason: 'quota' }, ...at };
      world.table.items.set('circuit/pm', { pk: 'circuit/pm', rev: 1, state });

      await world.clock.pass(14 * 60_000);
      await world.check();
      expect(world.values('AccountHealthy')).toEqual({ pm: 0, mg: 1 });

      const later = given({ pm: UNREACHABLE, mg: HEALTHY });
      later.table.items.set('circuit/pm', { pk: 'circuit/pm', rev: 1, state });
      await later.clock.pass(16 * 60_000);
      await later.check();
      expect(later.values('AccountHealthy')).toEqual({ mg: 1 });
    },
  );

  it('warn of a healthy account that may be refused soon', async () => {
    const world = given({ pm: { state: 'healthy', reason: 'under-review' }, mg: HEALTHY });

    await world.check();

    expect(world.values('AccountHealthy')).toEqual({ pm: 1, mg: 1 });
    expect(world.lines).toEqual(['account healthy pm under-review']);
  });
});

describe('the gauges of circuits and switches', () => {
  it.each([
    ['closed', { kind: 'closed', since: 0, trips: 0, window: [] }, 0],
    ['half-open', { kind: 'half-open', since: 1, trips: 1, cause: { blames: 'outage', reason: 'x' } }, 1],
    [
      'open',
      { kind: 'open', since: 1, trips: 1, until: 1_800_000_000_000, cause: { blames: 'account', reason: 'x' } },
      2,
    ],
    [
      'open, and was not tried when it could be',
      { kind: 'open', since: 1, trips: 1, until: 2, cause: { blames: 'account', reason: 'x' } },
      1,
    ],
    ['of a later release', { kind: 'ajar' }, 0],
  ])('report a circuit that is %s', async (_, state, value) => {
    const world = given();
    world.table.items.set('circuit/pm', { pk: 'circuit/pm', rev: 1, state });

    await world.check();

    expect(world.values('CircuitState')).toEqual({ pm: value, mg: 0 });
    expect(world.values('OperatorSwitch')).toEqual({ '': 0 });
  });

  it('report an isolated provider, and count the switches, until they end', async () => {
    const world = given();
    const isolation = { since: 1, until: world.clock.now() + 60_000, reason: 'moving', who: 'ada' };
    world.table.items.set('switch/pm', { ...switchItem('pm', undefined, isolation), rev: 1 });

    await world.check();
    expect(world.values('CircuitState')).toEqual({ pm: 3, mg: 0 });
    expect(world.values('OperatorSwitch')).toEqual({ '': 1 });

    await world.clock.pass(60_000);
    await world.check();
    expect(world.values('CircuitState')).toEqual({ pm: 0, mg: 0 });
    expect(world.values('OperatorSwitch')).toEqual({ '': 0 });
  });
});

describe('the age of the credentials', () => {
  it('stays at zero while the provider accepts them, even if the account may not send', async () => {
    const world = given({ pm: HEALTHY, mg: REFUSED });

    await world.check();
    await world.clock.pass(DAY);
    await world.check();

    expect(world.values('CredentialAge')).toEqual({ pm: 0, mg: 0 });
  });

  it.each([WRONG_KEY, UNREACHABLE])('grows after the last accepted answer with $reason', async (bad) => {
    const world = given();
    await world.check();

    world.healths['pm'] = bad;
    await world.clock.pass(DAY);
    await world.check();

    expect(world.values('CredentialAge')).toEqual({ pm: 86_400, mg: 0 });
  });

  it('grows from the first check on if they were never accepted', async () => {
    const world = given({ pm: WRONG_KEY, mg: HEALTHY });
    await world.check();
    await world.clock.pass(DAY);

    await world.check();

    expect(world.values('CredentialAge')).toEqual({ pm: 86_400, mg: 0 });
  });

  it('counts accepted mail that the circuit has counted', async () => {
    const world = given({ pm: UNREACHABLE, mg: HEALTHY });
    await world.check();
    await world.clock.pass(DAY);
    const now = world.clock.now();
    const window = [{ at: now - 10_000, attempts: 3, failures: 1 }];
    world.table.items.set('circuit/pm', {
      pk: 'circuit/pm',
      rev: 1,
      state: { kind: 'closed', since: 0, trips: 0, window },
    });

    await world.check();

    expect(world.values('CredentialAge')).toEqual({ pm: 10, mg: 0 });
  });

  it('counts in stack time', async () => {
    const world = given({}, 60);
    await world.check();
    world.healths['pm'] = UNREACHABLE;
    await world.clock.pass(10_000);

    await world.check();

    expect(world.values('CredentialAge')).toEqual({ pm: 600, mg: 0 });
  });

  it('is written rarely, keeps other fields, and never goes back', async () => {
    const world = given();
    world.table.items.set('health/pm', { pk: 'health/pm', rev: 3, lastGood: world.clock.now() + DAY, later: 'kept' });

    for (let minute = 0; minute < 10; minute++) {
      await world.check();
      await world.clock.pass(60_000);
    }

    expect(world.table.items.get('health/pm')).toMatchObject({ rev: 3, later: 'kept' });
    expect(world.table.items.get('health/mg')?.rev).toBe(2);
  });
});

describe('a table that fails', () => {
  it.each(['fail', 'hang'] as const)('hides the circuits but not the accounts (%s)', async (behavior) => {
    const world = given({ pm: REFUSED, mg: HEALTHY });
    world.table.behavior = behavior;

    const done = world.check();
    await settled();
    await world.clock.pass(5_000);
    await done;

    expect(world.values('AccountHealthy')).toEqual({ pm: 0, mg: 1 });
    expect(world.values('CircuitState')).toEqual({});
    expect(world.values('OperatorSwitch')).toEqual({});
    expect(world.values('CredentialAge')).toEqual({});
  });
});

function given(answers: Record<string, Health> = {}, timeScale = 1) {
  const clock = manualClock();
  const table = memoryTable();
  const healths: Record<string, Health> = { pm: HEALTHY, mg: HEALTHY, ...answers };
  const lines: string[] = [];
  let added: { name: string; value: number; provider?: string }[] = [];
  const line = (message: string, fields: object) => {
    const { provider = '', reason = '' } = fields as { provider?: string; reason?: string };
    lines.push([message, provider, reason].filter(Boolean).join(' '));
  };
  const check = async () => {
    added = [];
    await checkHealth({
      providers: PROVIDERS,
      ask: async ({ key }) => healths[key] ?? HEALTHY,
      gaugeCapacity: () => Promise.resolve(),
      table,
      metrics: { add: (name, value, { provider } = {}) => added.push({ name, value, ...(provider && { provider }) }) },
      log: { info: line, warn: line, error: line },
      clock,
      timeScale,
    });
  };
  const values = (name: string) =>
    Object.fromEntries(added.filter((one) => one.name === name).map(({ provider = '', value }) => [provider, value]));
  return { clock, table, healths, lines, check, values };
}
