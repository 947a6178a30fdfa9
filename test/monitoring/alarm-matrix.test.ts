import { describe, expect, test, vi } from 'vitest';
import { MATRIX, type Traffic } from './alarm-matrix.ts';
import { givenDeployed } from './deployed.ts';
import { liveThrough } from './outage-world.ts';
import { PROVIDERS } from './providers.ts';

// Most of an hour of stack time, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const EVERY_MS: Readonly<Record<Traffic, number | undefined>> = { traffic: 10_000, low: 120_000, none: undefined };
/** Three periods of five minutes. */
const MINUTES = 15;
const [FIRST] = PROVIDERS;

const deployed = givenDeployed({ providers: PROVIDERS });

describe.each(PROVIDERS)('$key', ({ key }) => {
  describe.each(MATRIX)('$fault', (situation) => {
    test.each(['traffic', 'low', 'none'] as const)('%s: raises exactly the alarms of the table', async (traffic) => {
      const everyMs = EVERY_MS[traffic];
      // The end is the same for all, so it is looked at once.
      const recovery = key === FIRST?.key ? 30 : 0;

      const seen = await liveThrough(
        { providers: PROVIDERS, broken: [key], situation, minutes: MINUTES, recovery, ...(everyMs && { everyMs }) },
        deployed,
      );

      const perhaps = situation.perhaps?.map((title) => nameOf(title, key)) ?? [];
      expect(seen.raised.filter((name) => !perhaps.includes(name))).toEqual(
        situation.alarms[traffic].map((title) => nameOf(title, key)).sort(),
      );
      expect(seen.waiting.get('mailover-outbound') ?? 0).toBe(0);
      if (recovery > 0) expect(seen.afterwards).toEqual([]);
      if (recovery > 0 && situation.outcome.kind !== 'refused') expect(seen.lost).toBe(0);
    });
  });
});

function nameOf(title: string, key: string): string {
  return title === 'OneWayBroken' ? `Mailover/${title}` : `Mailover/${key}/${title}`;
}
