import { describe, expect, test, vi } from 'vitest';
import { MATRIX, type Situation, smallAlarms, type Traffic, WHOLE } from '../lib/monitoring/alarm-matrix.ts';
import { givenDeployed } from '../lib/monitoring/deployed.ts';
import { liveThrough } from '../lib/monitoring/outage-world.ts';
import { EVERY_TYPE, PROVIDERS } from '../lib/monitoring/providers.ts';

// One test simulates nearly an hour, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const EVERY_MS: Readonly<Record<Traffic, number | undefined>> = { traffic: 10_000, low: 120_000, none: undefined };
/** Default length of a fault in minutes: three alarm periods of five minutes. */
const MINUTES = 15;
const [FIRST] = PROVIDERS;

const deployed = givenDeployed({ providers: EVERY_TYPE });

describe.each(EVERY_TYPE)('$key', ({ key }) => {
  describe.each(rowsOf(key))('$fault', (situation) => {
    test.each(key === FIRST?.key ? (['traffic', 'low', 'none'] as const) : (['traffic'] as const))(
      '%s: raises exactly the alarms of the table',
      async (traffic) => {
        const everyMs = EVERY_MS[traffic];
        // The recovery after a fault is the same for all providers, so it is checked for the first provider only.
        const recovery = key === FIRST?.key ? 90 : 0;

        const { minutes = MINUTES, maxPerSecond } = situation;
        const providers = EVERY_TYPE.map((one) => (one.key === key && maxPerSecond ? { ...one, maxPerSecond } : one));
        const seen = await liveThrough(
          { providers, faulty: [{ keys: [key], situation }], minutes, recovery, ...(everyMs && { everyMs }) },
          deployed,
        );

        const perhaps = situation.perhaps?.map((title) => nameOf(title, key)) ?? [];
        expect(seen.raised.filter((name) => !perhaps.includes(name))).toEqual(
          situation.alarms[traffic].map((title) => nameOf(title, key)).sort(),
        );
        expect(seen.waiting.get('mailover-outbound') ?? 0).toBe(0);
        if (recovery > 0) expect(seen.afterwards).toEqual([]);
        if (recovery > 0 && situation.outcome.kind !== 'refused') expect(seen.lost).toBe(0);
      },
    );
  });
});

describe('where the size is small', () => {
  const small = givenDeployed({ providers: PROVIDERS, monitoring: { size: 'small' } });

  test.each(MATRIX)('$fault: raises what the last column of the table says, and it ends', async (situation) => {
    const { minutes = MINUTES, maxPerSecond } = situation;
    const providers = PROVIDERS.map((one) => (one === FIRST && maxPerSecond ? { ...one, maxPerSecond } : one));

    const seen = await liveThrough(
      {
        providers,
        faulty: [{ keys: ['postmark'], situation }],
        minutes,
        recovery: 30,
        everyMs: 10_000,
        size: 'small',
      },
      small,
    );

    expect(seen.raised.filter((name) => !situation.perhaps?.some((title) => name.endsWith(title)))).toEqual(
      smallAlarms(situation)
        .map((title) => nameOf(title, 'postmark'))
        .sort(),
    );
    expect(seen.afterwards).toEqual([]);
  });
});

/** Number of parts of the rows. Each provider other than the first runs only one part; together they run every row. */
const PARTS = 3;

/**
 * Returns the rows of the matrix that run for a provider: all rows for the first provider, and a part of the rows for every other
 * provider. A part is enough, since the providers differ only in the optional functions that they support, such as the look-up.
 */
function rowsOf(key: string): readonly Situation[] {
  const place = EVERY_TYPE.findIndex((one) => one.key === key);
  const short = MATRIX.filter(({ minutes }) => minutes === undefined);
  return place === 0 ? MATRIX : short.filter((_, row) => row % PARTS === (place - 1) % PARTS);
}

function nameOf(title: string, key: string): string {
  return WHOLE.has(title) ? `Mailover/${title}` : `Mailover/${key}/${title}`;
}
