import type { ProviderConfig } from '../lambda/contract/providers.ts';
import type { Window } from './faults/plan.ts';
import { drawMails } from './mails.ts';
import type { Releases } from './releases/load.ts';
import { HOUR_MS, type RunResult, runWorld, START } from './run.ts';
import { PROVIDERS, type SeedOptions } from './seed.ts';
import type { World } from './world/world.ts';

/** How long no provider takes anything. */
const OUTAGE_MS = 4 * 24 * HOUR_MS;
/** What the providers take in a second, all together; SES begins with 14 by itself. */
const RATES: Readonly<Record<string, number>> = { postmark: 10, mailgun: 10, ses: 14, 'own-mta': 1 };
/** Each one is down in its own way. */
const DOWN = { postmark: 'suspended', mailgun: 'hang', ses: '5xx', 'own-mta': 'refused' } as const;

/** The backlog must be out within so many times what it takes at the full rate. */
const SLACK = 1.2;
/** Calls of one second that arrive in another one, as networks have it. */
const JITTER = 1.15;

/** All providers are down for four days, while mail keeps coming; then all are back. */
export function runOutage({ seed, mails: count, trace }: SeedOptions, releases: Releases): Promise<RunResult> {
  const back = START + OUTAGE_MS;
  const providers = PROVIDERS.map(
    (provider): ProviderConfig => ({ ...provider, maxPerSecond: RATES[provider.key] as number }),
  );
  const windows = Object.entries(DOWN).map(
    ([provider, kind]): Window => ({ kind, provider, from: START, to: back, rate: 1 }),
  );
  const mails = drawMails({
    seed,
    count,
    start: START,
    end: back,
    providers: PROVIDERS.map(({ key }) => key),
    rushes: [START + HOUR_MS, START + 24 * HOUR_MS, START + 50 * HOUR_MS, START + 90 * HOUR_MS],
  });
  const last = Math.max(back, ...mails.map(({ sendAt }) => sendAt.at(-1) as number));
  return runWorld({ seed, providers, mails, windows, last, calmMs: OUTAGE_MS, releases, trace }, (world) =>
    watchDrain(world, back),
  );
}

function watchDrain(world: World, back: number): () => readonly string[] {
  const rate = Object.values(RATES).reduce((sum, one) => sum + one, 0);
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
    const tookS = ((drainedAt ?? Infinity) - back) / 1_000;
    const shouldS = (SLACK * backlog) / rate;
    process.stdout.write(
      `backlog ${backlog}, out after ${tookS.toFixed(0)} s, at the full rate ${(backlog / rate).toFixed(0)} s\n`,
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
        busiestSecond > JITTER * (RATES[key] as number) + 1
          ? [`too fast: ${busiestSecond} calls of ${key} in one second`]
          : [],
      ),
    ];
  };
}
