import { describe, expect, it } from 'vitest';
import type { Admission } from '../../../lambda/circuit/admission.ts';
import { readCircuitItem, switchItem } from '../../../lambda/circuit/items.ts';
import { total } from '../../../lambda/circuit/window.ts';
import {
  accepted,
  bad,
  givenWorld,
  inactive,
  leave,
  lost,
  mailgun,
  outage,
  outcomeOf,
  postmark,
  suspended,
  type Worker,
} from './given-gate.ts';

const SECOND = 1_000;

describe('a healthy provider', () => {
  it('costs one read of the table and no write, however much mail there is', async () => {
    const { worker, table } = givenWorld();
    const one = worker();

    for (let mail = 0; mail < 1_000; mail += 1) expect(await one.attempt(accepted)).toBe('went');

    expect(table).toMatchObject({ reads: 1, writes: 0 });
  });

  it('is not affected by messages and recipients that it refuses', async () => {
    const { worker, table } = givenWorld();
    const one = worker();
    await one.attempt(accepted);

    for (let mail = 0; mail < 200; mail += 1) expect(await one.attempt(mail % 2 ? bad : inactive)).toBe('went');

    expect(table.writes).toBe(0);
    expect(await one.attempt(accepted)).toBe('went');
  });

  it('is not skipped for all mail because it refuses one unknown sender', async () => {
    const { worker } = givenWorld();
    const one = worker();

    for (let mail = 0; mail < 100; mail += 1) {
      const unknown = { kind: 'unavailable', blames: 'sender', reason: 'sender-unknown' } as const;
      expect(await one.attempt(mail % 10 === 5 ? unknown : accepted)).toBe('went');
    }
  });

  it('gets all mail in parallel once it has accepted one message', async () => {
    const { worker } = givenWorld();
    const one = worker();
    await one.attempt(accepted);

    const entries = await Promise.all(Array.from({ length: 50 }, () => one.enter()));

    expect(entries.map(({ kind }) => kind)).toEqual(Array(50).fill('go'));
  });
});

describe('a provider that this worker does not know', () => {
  it('gets one message, and the others follow when it is accepted', async () => {
    const { worker } = givenWorld();
    const one = worker();
    const first = await one.enter();
    const others = Array.from({ length: 9 }, () => one.enter());
    expect(await outcomeOf(Promise.race(others))).toBe('waiting');

    await leave(first, accepted);

    expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(Array(9).fill('go'));
  });

  it('gets no second message when the first one failed', async () => {
    const { worker } = givenWorld();
    const one = worker();
    const first = await one.enter();
    const others = Array.from({ length: 199 }, () => one.enter());

    await leave(first, outage);

    expect(new Set((await Promise.all(others)).map(reasonOf))).toEqual(new Set(['quiet']));
    expect(await one.attempt(accepted)).toBe('quiet');
  });

  it('keeps no message waiting longer than the hedge, and afterwards none at all', async () => {
    const { worker, clock } = givenWorld();
    const one = worker();
    const first = await one.enter();
    const second = one.enter();
    await clock.pass(999);
    expect(await outcomeOf(second)).toBe('waiting');

    await clock.pass(1);

    expect(await second).toMatchObject({ kind: 'skip', reason: 'probing' });
    expect(await outcomeOf(one.enter())).toMatchObject({ kind: 'skip', reason: 'probing' });
    await leave(first, accepted);
    expect(await one.attempt(accepted)).toBe('went');
  });

  it('is skipped by workers that do not know it either, while one worker waits for its answer', async () => {
    const { worker, clock } = givenWorld();
    const [one, knowing, late] = [worker(), worker(), worker()];
    await knowing.attempt(accepted);
    const first = await one.enter();
    const second = one.enter();
    await clock.pass(1_000);
    await second;

    expect(await late.attempt(accepted)).toBe('probing');
    expect(await knowing.attempt(accepted)).toBe('went');
    await leave(first, accepted);
    await clock.pass(10 * SECOND);
    expect(await late.attempt(accepted)).toBe('went');
  });

  it('is tried by another worker when the waiting worker has ended', async () => {
    const { worker, clock } = givenWorld();
    const [one, late] = [worker(), worker()];
    await one.enter();
    const second = one.enter();
    await clock.pass(1_000);
    await second;
    expect(await late.attempt(accepted)).toBe('probing');

    await clock.pass(16 * SECOND);

    expect(await late.attempt(accepted)).toBe('went');
  });

  it('lets the next message try when the first one gave no result', async () => {
    const { worker } = givenWorld();
    const one = worker();
    const first = await one.enter();
    const second = one.enter();
    const third = one.enter();

    await leave(first, bad);

    expect([(await second).kind, (await third).kind]).toEqual(['go', 'go']);
  });

  it('lets the next message try when the first one was not sent', async () => {
    const { worker } = givenWorld();
    const one = worker();
    const first = await one.enter();
    const [second, third] = [one.enter(), one.enter()];

    if (first.kind === 'go') await first.leave([]);

    expect((await second).kind).toBe('go');
    expect(await outcomeOf(third)).toBe('waiting');
  });

  it('is tried by messages that have no other provider, without waiting for the first', async () => {
    const { worker } = givenWorld();
    const one = worker();
    await one.enter();

    expect(await outcomeOf(one.enter({ forced: true }))).toMatchObject({ kind: 'go' });
  });
});

describe('a healthy provider at the limit of its rate', () => {
  it('does not look silent to a worker that does not know it', async () => {
    const limited = { ...postmark, maxPerSecond: 1 };
    const { worker, clock } = givenWorld();
    const [busy, fresh] = [worker([limited, mailgun]), worker([limited, mailgun])];
    const seen = new Set<string>();
    const mail = async ({ enter }: Worker) => {
      const entry = await enter({}, limited);
      seen.add(reasonOf(entry));
      if (entry.kind === 'go') await clock.sleep(80);
      await leave(entry, accepted);
    };

    // One worker has reserved the next slots of the rate limit. Therefore the first message of the other worker has to wait for a
    // slot.
    const mails = [mail(busy), mail(busy), mail(busy)];
    await clock.pass(10);
    for (let tick = 0; tick < 40; tick += 1) {
      mails.push(mail(fresh), mail(busy));
      await clock.pass(100);
    }
    await clock.pass(60 * SECOND);
    await Promise.all(mails);

    expect(seen).toEqual(new Set(['go', 'rate']));
  });
});

describe('an admitted message whose call is delayed', () => {
  const limited = { ...postmark, maxPerSecond: 2 };

  it('takes another slot, so that what waited for the same slow answer is not sent at once', async () => {
    const { clock, admitted } = await givenAdmitted(3);
    await clock.pass(3 * SECOND);

    const times: number[] = [];
    const begun = clock.now();
    for (const { onTime } of admitted)
      void onTime?.().then((skip) => skip === undefined && times.push(clock.now() - begun));
    await clock.pass(3 * SECOND);

    expect(times.map((at) => Math.round(at / 100))).toEqual([0, 5, 10]);
  });

  it('is skipped if no slot is free soon', async () => {
    const { clock, admitted } = await givenAdmitted(8);
    await clock.pass(3 * SECOND);

    const results = Promise.all(admitted.map(({ onTime }) => onTime?.()));
    await clock.pass(3 * SECOND);

    expect((await results).map((skip) => skip?.reason ?? 'go').sort()).toEqual([
      ...Array.from({ length: 5 }, () => 'go'),
      ...Array.from({ length: 3 }, () => 'rate'),
    ]);
  });

  it('keeps its slot for a tenth of a second', async () => {
    const { clock, table, one } = await givenAdmitted(0);
    const entry = one.enter({}, limited);
    await clock.pass(550);
    const admission = await entry;
    const { writes } = table;

    const onTime = admission.kind === 'go' ? admission.onTime?.() : undefined;
    await clock.pass(20);

    expect(await onTime).toBeUndefined();
    expect(admission).toHaveProperty('onTime');
    expect(table.writes).toBe(writes);
  });

  it('needs no slot where the provider has no rate', async () => {
    const one = givenWorld().worker();

    expect(await one.enter()).not.toHaveProperty('onTime');
  });

  /** Admits `count` messages at a provider with a rate limit, one after the other, each in its own slot of the rate limit. */
  async function givenAdmitted(count: number) {
    const { worker, clock, table } = givenWorld();
    const one = worker([limited, mailgun]);
    const first = one.enter({}, limited);
    await clock.pass(10);
    await leave(await first, accepted);
    const admitted: Extract<Admission, { kind: 'go' }>[] = [];
    while (admitted.length < count) {
      const entry = one.enter({}, limited);
      await clock.pass(SECOND);
      const admission = await entry;
      if (admission.kind === 'go') admitted.push(admission);
      if (admitted.length < count) await clock.pass(SECOND);
    }
    return { clock, table, one, admitted };
  }
});

describe('an outage that begins while messages are in flight', () => {
  it('costs what was in flight and little more, even without the table', async () => {
    const { worker, clock, table } = givenWorld();
    table.behavior = 'fail';
    const one = worker();
    await one.attempt(accepted);
    const flight = await Promise.all(Array.from({ length: 10 }, () => one.enter()));
    await Promise.all(flight.map((entry) => leave(entry, outage)));

    let wasted = 0;
    for (let second = 0; second < 60; second += 1) {
      for (let mail = 0; mail < 100; mail += 1) if ((await one.attempt(outage)) === 'went') wasted += 1;
      await clock.pass(SECOND);
    }

    // One message is admitted immediately as a probe. The circuit breaker in this worker's cache, which could not be written to
    // the table, admits one more message.
    expect(wasted).toBe(2);
  });

  it('is not over because an attempt that began before it succeeds', async () => {
    const { worker } = givenWorld();
    const one = worker();
    await one.attempt(accepted);
    const [old, older] = [await one.enter(), await one.enter()];
    await leave(old, outage);
    await leave(older, accepted);

    await one.enter();

    expect(await outcomeOf(one.enter())).toBe('waiting');
  });

  it('opens the circuit for all workers after five failures, in few writes', async () => {
    const { worker, table, clock } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt(accepted);
    const flight = await Promise.all(Array.from({ length: 10 }, () => one.enter()));

    await Promise.all(flight.map((entry) => leave(entry, lost)));

    expect(table.items.get('circuit/postmark')).toMatchObject({ state: { kind: 'open', trips: 1 } });
    expect(table.writes).toBeLessThanOrEqual(3);
    await clock.pass(0);
    expect(await other.attempt(accepted)).toBe('open');
  });

  it('opens no circuit while only one worker fails and the others succeed', async () => {
    const { worker, table, clock } = givenWorld();
    const [ill, well] = [worker(), worker()];
    await ill.attempt(outage);
    await clock.pass(11 * SECOND);

    for (let second = 0; second < 60; second += 1) {
      for (let mail = 0; mail < 10; mail += 1) expect(await well.attempt(accepted)).toBe('went');
      await ill.attempt(outage);
      await clock.pass(SECOND);
    }

    expect(table.items.get('circuit/postmark')).toMatchObject({ state: { kind: 'closed' } });
  });
});

describe('a refused account', () => {
  it('opens the circuit at once, for all workers', async () => {
    const { worker, lines } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt(suspended);

    expect(await one.attempt(accepted)).toBe('open');
    expect(await other.attempt(accepted)).toBe('open');
    expect(lines).toEqual(['circuit opened']);
  });

  it('is assumed when the sender is refused, as long as the provider has accepted nothing', async () => {
    const { worker } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt({ kind: 'unavailable', blames: 'sender', reason: 'identity-not-verified' });

    expect(await one.attempt(accepted)).toBe('open');
    expect(await other.attempt(accepted)).toBe('open');
  });

  it('is seen within ten seconds by a worker that had just read the table', async () => {
    const { worker, clock } = givenWorld();
    const [one, other] = [worker(), worker()];
    await other.attempt(accepted);
    await one.attempt(suspended);
    expect(await other.attempt(accepted)).toBe('went');

    await clock.pass(10 * SECOND);

    expect(await other.attempt(accepted)).toBe('open');
  });
});

describe('recovery', () => {
  it('lets one of all workers try, while the others skip the provider', async () => {
    const { worker, clock } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt(suspended);
    await clock.pass(40 * SECOND);

    const probe = await one.enter();

    expect(probe.kind).toBe('go');
    expect(await other.attempt(accepted)).toBe('probing');
  });

  it('continues with another worker when the probing worker has ended', async () => {
    const { worker, clock } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt(suspended);
    await clock.pass(40 * SECOND);
    expect((await one.enter()).kind).toBe('go');

    await clock.pass(16 * SECOND);

    expect((await other.enter()).kind).toBe('go');
  });

  it('closes on success and then admits mail by degrees, always the same messages', async () => {
    const { worker, clock } = givenWorld();
    const one = worker();
    await one.attempt(suspended);
    await clock.pass(40 * SECOND);
    expect(await one.attempt(accepted)).toBe('went');

    const shares: number[] = [];
    for (let interval = 0; interval < 4; interval += 1) {
      let passed = 0;
      for (let mail = 0; mail < 1_000; mail += 1)
        if ((await one.attempt(accepted, { id: `same-${mail}` })) === 'went') passed += 1;
      shares.push(passed / 1_000);
      await clock.pass(10 * SECOND);
    }

    expect(shares[0]).toBeCloseTo(1 / 8, 1);
    expect(shares[1]).toBeCloseTo(1 / 4, 1);
    expect(shares[2]).toBeCloseTo(1 / 2, 1);
    expect(shares[3]).toBe(1);
  });

  it('stays open longer after each failed probe, to ten minutes and a quarter', async () => {
    const { worker, clock, table } = givenWorld();
    const one = worker();
    await one.attempt(suspended);
    const waits: number[] = [];
    for (let trip = 0; trip < 8; trip += 1) {
      const state = table.items.get('circuit/postmark')?.['state'];
      const { until } = state as { readonly until: number };
      waits.push((until - clock.now()) / SECOND);
      await clock.pass(until - clock.now());
      expect(await one.attempt(suspended)).toBe('went');
    }

    for (const [trip, wait] of waits.entries()) {
      const base = Math.min(600, 30 * 2 ** trip);
      expect(wait).toBeGreaterThanOrEqual(base);
      expect(wait).toBeLessThan(base * 1.25);
    }
  });

  it('is reported to waiting mail', async () => {
    const { worker, clock } = givenWorld();
    const one = worker();
    const begun = clock.now();
    await one.attempt(suspended);
    expect(await one.gate.recoveredSince(begun)).toBe(false);
    await clock.pass(40 * SECOND);

    await one.attempt(accepted);

    expect(await one.gate.recoveredSince(begun)).toBe(true);
    expect(await one.gate.recoveredSince(clock.now())).toBe(false);
  });
});

describe('when all providers are skipped', () => {
  it('tries the least bad one: an outage before a refused account', async () => {
    const { worker } = givenWorld();
    const one = worker();
    await one.attempt(suspended);
    const first = await one.enter({}, mailgun);
    await leave(first, outage);

    const [account, line] = [await one.enter({}, postmark), await one.enter({}, mailgun)];

    expect(account).toMatchObject({ kind: 'skip' });
    expect(line).toMatchObject({ kind: 'skip' });
    if (account.kind === 'skip' && line.kind === 'skip') expect(line.rank).toBeLessThan(account.rank);
  });

  it('goes on forcing one message at a time, until an attempt closes the circuit', async () => {
    const { worker, clock } = givenWorld();
    const one = worker();
    await one.attempt(suspended);
    await clock.pass(7 * SECOND);

    const first = await one.enter({ forced: true });
    expect(first.kind).toBe('go');
    expect(await outcomeOf(one.enter({ forced: true }))).toMatchObject({ kind: 'skip', reason: 'probing' });
    await leave(first, outage);
    expect(await one.attempt(accepted, { forced: true })).toBe('quiet');

    await clock.pass(10 * SECOND);
    expect(await one.attempt(accepted, { forced: true })).toBe('went');
    expect(await one.attempt(accepted, { forced: true })).toBe('went');
  });

  it('elects no probe while the table throttles', async () => {
    const { worker, clock, table } = givenWorld();
    const one = worker();
    await one.attempt(suspended);
    await clock.pass(40 * SECOND);
    table.trouble = () => {
      throw Object.assign(new Error('too many requests'), { name: 'ThrottlingException' });
    };

    expect(await one.attempt(accepted)).toBe('probing');

    table.trouble = () => undefined;
    expect(await one.attempt(accepted)).toBe('went');
  });

  it('makes no message return for a slot of a failing provider', async () => {
    const limited = { ...postmark, maxPerSecond: 0.1 };
    const { worker, clock } = givenWorld();
    const one = worker([limited, mailgun]);
    const first = one.enter({}, limited);
    await clock.pass(SECOND);
    await leave(await first, suspended);
    await clock.pass(6 * SECOND);

    const entry = one.enter({ forced: true }, limited);
    await clock.pass(SECOND);

    expect(await outcomeOf(entry)).toMatchObject({ kind: 'skip', reason: 'open' });
  });
});

describe('a provider that asks for time', () => {
  it('is left alone for its Retry-After by all workers, and its circuit stays closed', async () => {
    const { worker, clock, table } = givenWorld();
    const [one, other] = [worker(), worker()];
    await one.attempt({ kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 90 * SECOND });

    expect(await one.enter()).toMatchObject({ kind: 'skip', reason: 'held', againAfterMs: 90 * SECOND });
    expect(await other.attempt(accepted)).toBe('held');
    expect(await other.attempt(accepted, { forced: true })).toBe('held');
    expect(table.items.get('circuit/postmark')).toMatchObject({ state: { kind: 'closed' } });

    await clock.pass(90 * SECOND);
    expect(await one.attempt(accepted)).toBe('went');
    expect(await other.attempt(accepted)).toBe('went');
  });

  it('is left alone for a growing time if it sends none', async () => {
    const { worker, clock } = givenWorld();
    const one = worker();
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await one.attempt({ kind: 'throttled', of: 'provider', reason: 'rate-limit' });
      const entry = await one.enter();
      const wait = entry.kind === 'skip' ? (entry.againAfterMs ?? 0) : 0;
      waits.push(Math.floor(Math.log2(wait / SECOND)));
      await clock.pass(wait);
    }

    expect(waits).toEqual([1, 2, 3, 4]);
  });

  it('scales with the stack', async () => {
    const { worker, clock } = givenWorld({ timeScale: 60 });
    const one = worker();
    await one.attempt({ kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 60 * SECOND });
    expect(await one.enter()).toMatchObject({ reason: 'held', againAfterMs: 60 * SECOND });

    await clock.pass(SECOND);

    expect(await one.attempt(accepted)).toBe('went');
  });

  it('is not held because of one full mailbox', async () => {
    const { worker } = givenWorld();
    const one = worker();
    await one.attempt({ kind: 'throttled', of: 'recipient', reason: 'mailbox-full' });

    expect(await one.attempt(accepted)).toBe('went');
  });
});

describe("an operator's switch", () => {
  const isolate = ({ table, clock }: ReturnType<typeof givenWorld>, ms: number) =>
    table.write(
      switchItem('postmark', undefined, {
        since: clock.now(),
        until: clock.now() + ms,
        reason: 'blocklisted',
        who: 'ada',
      }),
      undefined,
    );

  it('stops all messages, forced or not, within ten seconds, until it ends', async () => {
    const world = givenWorld();
    const one = world.worker();
    await one.attempt(accepted);
    const begun = world.clock.now();
    await isolate(world, 120 * SECOND);

    await world.clock.pass(10 * SECOND);
    expect(await one.attempt(accepted)).toBe('isolated');
    expect(await one.attempt(accepted, { forced: true })).toBe('isolated');
    expect(await one.gate.recoveredSince(begun)).toBe(false);

    await world.clock.pass(110 * SECOND);
    expect(await one.attempt(accepted)).toBe('went');
    expect(await one.gate.recoveredSince(begun)).toBe(true);
  });

  it('is known to a process that was frozen while it read the table, and learns first that this failed', async () => {
    const world = givenWorld();
    const { table, clock } = world;
    const { getAll } = table;
    const lost = Promise.withResolvers<never>();
    table.getAll = () => lost.promise;
    const one = world.worker();
    const first = one.attempt(accepted);
    await clock.pass(SECOND);
    await first;
    table.getAll = getAll;
    await isolate(world, 600 * SECOND);

    clock.set(clock.now() + 300 * SECOND);
    lost.reject(new Error('the connection was closed'));
    await clock.pass(1);

    expect(await one.attempt(accepted)).toBe('isolated');
  });
});

describe('a table that does not answer', () => {
  it.each(['fail', 'hang'] as const)('does not stop mail (%s)', async (behavior) => {
    const { worker, table, clock } = givenWorld();
    table.behavior = behavior;
    const one = worker();
    const first = one.attempt(accepted);
    await clock.pass(1_000);
    expect(await first).toBe('went');

    for (let mail = 0; mail < 100; mail += 1) expect(await outcomeOf(one.attempt(accepted))).toBe('went');
  });

  it('is waited for 300 ms at most when an attempt has failed', async () => {
    const { worker, table, clock } = givenWorld();
    const one = worker();
    await one.attempt(accepted);
    table.behavior = 'hang';
    const attempt = one.attempt(outage);

    await clock.pass(300);

    expect(await outcomeOf(attempt)).toBe('went');
  });

  it('leaves the last read in force for a while, and then all circuits read as closed', async () => {
    const { worker, table, clock } = givenWorld();
    const one = worker();
    await one.attempt({ kind: 'throttled', of: 'provider', reason: 'rate-limit', retryAfterMs: 600 * SECOND });
    table.behavior = 'fail';

    await clock.pass(50 * SECOND);
    expect(await one.attempt(accepted)).toBe('held');
    await clock.pass(20 * SECOND);
    expect(await one.attempt(accepted)).toBe('went');
  });

  it('does not make a worker ask a refused account again and again', async () => {
    const { worker, table } = givenWorld();
    table.behavior = 'fail';
    const one = worker();
    await one.attempt(suspended);

    expect(await attempts(one, 50)).toBe(0);
  });
});

describe('failures that the table did not take', () => {
  it('count once in their worker', async () => {
    const { worker, table, clock } = givenWorld();
    const one = worker();
    await one.attempt(accepted);
    table.behavior = 'fail';
    for (let failures = 1; failures <= 3; failures += 1) {
      expect(await one.attempt(outage)).toBe('went');
      await clock.pass(10 * SECOND);
    }

    // A circuit breaker opens after at least five attempts; up to here there were only four.
    expect(await one.attempt(accepted)).toBe('went');
  });

  it('count once when the table takes them later, and open the circuit with those since', async () => {
    const { worker, table, clock } = givenWorld();
    const one = worker();
    await one.attempt(accepted);
    table.behavior = 'fail';
    for (let failures = 1; failures <= 2; failures += 1) {
      await one.attempt(outage);
      await clock.pass(8 * SECOND);
    }
    table.behavior = 'work';

    await one.attempt(outage);
    const { circuit } = readCircuitItem(table.items.get('circuit/postmark'));
    expect(circuit.kind === 'closed' && total(circuit.window)).toEqual({ attempts: 4, failures: 3 });
    await clock.pass(12 * SECOND);
    await one.attempt(outage);
    expect(table.items.get('circuit/postmark')).toMatchObject({ state: { kind: 'open' } });
  });
});

describe('a circuit item', () => {
  it('keeps the fields that this release does not know', async () => {
    const { worker, table } = givenWorld();
    await table.write({ pk: 'circuit/postmark', newer: 'kept', state: { kind: 'ajar' } }, undefined);
    const one = worker();

    await one.attempt(suspended);

    expect(table.items.get('circuit/postmark')).toMatchObject({ newer: 'kept', rev: 2, state: { kind: 'open' } });
  });

  it('that was deleted admits mail again within the time that it is cached', async () => {
    const { worker, table, clock } = givenWorld({ timeScale: 60 });
    const one = worker();
    await one.attempt(suspended);
    expect(await one.attempt(accepted)).toBe('open');
    await clock.pass(600);
    table.items.clear();

    await one.attempt(accepted);
    await clock.pass(250);

    expect(await one.attempt(accepted)).toBe('went');
  });
});

function reasonOf(entry: Awaited<ReturnType<Worker['enter']>>): string {
  return entry.kind === 'skip' ? entry.reason : entry.kind;
}

async function attempts(worker: Worker, mails: number): Promise<number> {
  let went = 0;
  for (let mail = 0; mail < mails; mail += 1) if ((await worker.attempt(suspended)) === 'went') went += 1;
  return went;
}
