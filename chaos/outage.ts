import type { ProviderConfig } from '../lambda/contract/providers.ts';
import type { FaultWindow } from './faults/plan.ts';
import { drawMails } from './mails/draw.ts';
import type { SenderReleases } from './releases/load.ts';
import { type RunResult, runWorld, STACK_HOUR_MS, START } from './run.ts';
import { type SeedOptions, SIMULATED_PROVIDERS } from './seed.ts';
import type { SimulatedWorld } from './world/world.ts';

/** Duration of the outage of all providers. */
const OUTAGE_MS = 4 * 24 * STACK_HOUR_MS;
/** `maxPerSecond` of each provider for a run with the full number of mails. In a run with fewer mails the rates are lower in proportion. */
const RATES: Readonly<Record<string, number>> = { postmark: 10, mailgun: 10, ses: 14, 'own-mta': 1 };
const MAILS = 50_000;
/** For each provider, the kind of fault that the provider has during the outage. */
const DOWN = { postmark: 'suspended', mailgun: 'hang', ses: '5xx', 'own-mta': 'refused' } as const;

/**
 * Largest permitted ratio of two times: the time in which the backlog is really sent, divided by the time for the same backlog at
 * the full rates.
 */
const SLACK = 1.2;
/** Largest permitted ratio of the calls in one second to the configured rate: network delays move some calls to another second. */
const JITTER = 1.15;

/** Simulates an outage of all providers for four days and then the recovery of the providers. New mail is submitted during the outage. */
export function runOutage(
  { seed, mails: count, allowsLoops, trace }: SeedOptions,
  releases: SenderReleases,
): Promise<RunResult> {
  const back = START + OUTAGE_MS;
  const rates = new Map(Object.entries(RATES).map(([key, rate]) => [key, (rate * count) / MAILS]));
  const providers = SIMULATED_PROVIDERS.map(
    (provider): ProviderConfig => ({ ...provider, maxPerSecond: rates.get(provider.key) as number }),
  );
  const windows = Object.entries(DOWN).map(
    ([provider, kind]): FaultWindow => ({ kind, provider, from: START, to: back, rate: 1 }),
  );
  // Mail for only some providers, greylisted mail and bad messages are left out, since the outage is not the reason for their delays.
  const mails = drawMails({
    seed,
    count: Math.ceil(1.3 * count),
    start: START,
    end: back,
    providers: SIMULATED_PROVIDERS.map(({ key }) => key),
    // Most mail is submitted near the end of the outage: the longer mail waits, the more computing time the simulation needs.
    rushes: [40, 20, 10, 3].map((hoursBefore) => back - hoursBefore * STACK_HOUR_MS),
  })
    .filter(
      ({ trait, recipients, usable }) =>
        trait === 'plain' &&
        usable.length === SIMULATED_PROVIDERS.length &&
        recipients.every((one) => one.startsWith('reader')),
    )
    .slice(0, count);
  const last = Math.max(back, ...mails.map(({ sendAt }) => sendAt.at(-1) as number));
  return runWorld(
    { seed, providers, mails, windows, last, quietMs: OUTAGE_MS, releases, allowsLoops, trace },
    (world) => watchDrain(world, back, rates),
  );
}

function watchDrain(world: SimulatedWorld, back: number, rates: ReadonlyMap<string, number>): () => readonly string[] {
  const rate = Array.from(rates.values()).reduce((sum, one) => sum + one, 0);
  let backlog = 0;
  let drainedAt: number | undefined;
  const look = () => {
    if (world.waiting <= backlog / 1_000) drainedAt = world.timeline.now;
    else world.timeline.after(1_000, look);
  };
  world.timeline.at(back, () => {
    backlog = world.waiting;
    look();
  });
  return () => {
    // The run ends when the last mail has ended, maybe before `look` runs again.
    drainedAt ??= world.waiting === 0 ? world.timeline.now : Infinity;
    const tookS = (drainedAt - back) / 1_000;
    const shouldS = (SLACK * backlog) / rate;
    process.stdout.write(
      `backlog of ${backlog} messages sent in ${tookS.toFixed(0)} s; at the full rate it would take ${(backlog / rate).toFixed(0)} s\n`,
    );
    const busy = Array.from(world.providers.values(), ({ config: { key }, busiestSecond }) => ({ key, busiestSecond }));
    process.stdout.write(
      `busiest seconds: ${busy.map(({ key, busiestSecond }) => `${key} ${busiestSecond}`).join(', ')}\n`,
    );
    return [
      ...(tookS > shouldS
        ? [`drained late: ${backlog} messages took ${tookS.toFixed(0)} s, at most ${shouldS.toFixed(0)} s`]
        : []),
      ...busy.flatMap(({ key, busiestSecond }) =>
        busiestSecond > JITTER * (rates.get(key) as number) + 1
          ? [`too fast: ${busiestSecond} calls of ${key} in one second`]
          : [],
      ),
    ];
  };
}
