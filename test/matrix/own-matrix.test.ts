import { describe, expect, test, vi } from 'vitest';
import { givenDeployed } from '../lib/monitoring/deployed.ts';
import { liveThrough } from '../lib/monitoring/outage-world.ts';
import { MIXTURES, OWN_MATRIX, type Trouble } from '../lib/monitoring/own-matrix.ts';
import { PROVIDERS } from '../lib/monitoring/providers.ts';

// One test simulates several hours, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** Minutes that the test continues after the fault. They exceed an hour, since an alarm about a lost answer lasts for an hour. */
const RECOVERY = 150;

describe.each([
  ['full', givenDeployed({ providers: PROVIDERS })],
  ['small', givenDeployed({ providers: PROVIDERS, monitoring: { size: 'small' } })],
] as const)('where the size is %s', (size, deployed) => {
  const rows = [...OWN_MATRIX, ...MIXTURES].filter(({ outage }) => outage !== undefined);

  test.each(rows)('$trouble: raises exactly the alarms of the table, and they end', async ({ outage, ...row }) => {
    const seen = await liveThrough(
      { ...(outage as NonNullable<Trouble['outage']>), providers: PROVIDERS, recovery: RECOVERY, size },
      deployed,
    );

    const expected = size === 'full' ? row.alarms : row.small;
    expect(seen.raised).toEqual(expected.map((name) => `Mailover/${name}`).sort());
    expect(seen.afterwards).toEqual([]);
    expect(seen.lost).toBe(0);
  });
});
