import { describe, expect, test, vi } from 'vitest';
import { MATRIX, type Situation } from '../lib/monitoring/alarm-matrix.ts';
import { givenDeployed } from '../lib/monitoring/deployed.ts';
import type { Own } from '../lib/monitoring/faults.ts';
import { liveThrough } from '../lib/monitoring/outage-world.ts';
import { PROVIDERS } from '../lib/monitoring/providers.ts';

// One test simulates several hours, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

/** Minutes that the test continues after the faults. They exceed an hour, since an alarm about a lost answer lasts for an hour. */
const RECOVERY = 150;
/** If a fault affects this number of attempts or more, it must raise an alarm. */
const MANY = 12;

/**
 * For each AWS service that Mailover itself uses, the alarms of its failure. If the service fails, at least one of these alarms
 * must be raised, whatever faults the providers have.
 */
const NAMED: Readonly<Record<Exclude<Own, 'producers' | 'sends'>, readonly string[]>> = {
  table: ['TableUnreachable'],
  objects: ['ObjectsUnreachable'],
  queues: ['OldestMessage', 'QueuesUnreachable'],
  secrets: ['SecretsUnreachable'],
  credentials: ['CredentialsRefused'],
};

const deployed = givenDeployed({ providers: PROVIDERS });
const first = Number(process.env['MAILOVER_MIXTURES_FIRST'] ?? 12);
const number = Number(process.env['MAILOVER_MIXTURES'] ?? 10);

describe.each(Array.from({ length: number }, (_, place) => mixture(first + place)))('$name', ({ one, other, own }) => {
  test('each broken part is named, no healthy provider is, and all alarms end', async () => {
    const seen = await liveThrough(
      {
        providers: PROVIDERS,
        faulty: [one, other].map(({ key, situation }) => ({ keys: [key], situation })),
        // The AWS service fails for a part of the time only. A longer failure would hide the faults of the providers.
        own: own ? [{ what: own, from: 40, to: 75 }] : [],
        everyMs: 10_000,
        minutes: 75,
        recovery: RECOVERY,
      },
      deployed,
    );

    for (const { key, situation } of [one, other]) {
      const asked = situation.alarms.none.length > 0;
      const isVisible = situation.alarms.traffic.length > 0 && (seen.affected.get(key) ?? 0) >= MANY;
      if (asked || isVisible) expect(seen.raised.filter((name) => name.includes(`/${key}/`))).not.toEqual([]);
    }
    const broken = [one.key, other.key];
    const healthy = PROVIDERS.filter(({ key }) => !broken.includes(key)).map(({ key }) => key);
    expect(seen.raised.filter((name) => healthy.some((key) => name.includes(`/${key}/`)))).toEqual([]);
    if (own)
      expect(seen.raised).toSatisfy((all: string[]) => NAMED[own].some((title) => all.includes(`Mailover/${title}`)));
    else expect(seen.raised.filter((name) => /Unreachable|CredentialsRefused/.test(name))).toEqual([]);
    expect(seen.afterwards).toEqual([]);
    expect(seen.lost).toBe(0);
  });
});

interface Mixture {
  readonly name: string;
  readonly one: { readonly key: string; readonly situation: Situation };
  readonly other: { readonly key: string; readonly situation: Situation };
  readonly own: keyof typeof NAMED | undefined;
}

/** Chooses two providers with different faults, and sometimes a failing AWS service. The choice depends on the seed only. */
function mixture(seed: number): Mixture {
  let state = seed * 2_654_435_761;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  // Rows with refused recipients are left out: their mail ends without delivery and would count as lost.
  const rows = MATRIX.filter(({ outcome, maxPerSecond }) => outcome.kind !== 'refused' && maxPerSecond === undefined);
  const pick = <T>(from: readonly T[]): T => {
    const found = from[draw(from.length)];
    if (found === undefined) throw new Error('nothing to draw from');
    return found;
  };
  const a = pick(PROVIDERS);
  const b = pick(PROVIDERS.filter((provider) => provider !== a));
  const one = { key: a.key, situation: pick(rows) };
  const other = { key: b.key, situation: pick(rows.filter((row) => row !== one.situation)) };
  const own = draw(3) === 0 ? undefined : pick(Object.keys(NAMED) as (keyof typeof NAMED)[]);
  const name = `${seed}: ${a.key} ${one.situation.fault}; ${b.key} ${other.situation.fault}; ${own ?? 'nothing of ours'}`;
  return { name, one, other, own };
}
