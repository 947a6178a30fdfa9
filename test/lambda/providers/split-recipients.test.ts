import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { NOT_TRIED, type Outcome } from '../../../lambda/mail/outcome.ts';
import { mimeFor, namedIn, type PartialCall, sendInGroups } from '../../../lambda/providers/split-recipients.ts';
import { attemptOf } from './postmark/attempt.ts';

const REFUSED: Outcome = { kind: 'refused', blames: 'message', reason: 'address', ofOne: true };
const mailboxes = (count: number) =>
  Array.from({ length: count }, (_, place) => ({ address: `r${place}@example.org` }));

/**
 * Creates a provider that refuses every call that contains a bad recipient. With `names` its refusal names the first bad
 * recipient, otherwise no recipient.
 */
function given(bad: ReadonlySet<string>, { names = false, failAt = Number.POSITIVE_INFINITY, then = DOWN } = {}) {
  const served: string[] = [];
  const calls: PartialCall[] = [];
  const send = async (call: PartialCall) => {
    calls.push(call);
    if (calls.length >= failAt) return { outcome: then };
    const guilty = call.recipients.filter((one) => bad.has(one));
    if (guilty.length > 0) return { outcome: REFUSED, named: names ? guilty.slice(0, 1) : [] };
    served.push(...call.recipients);
    return { outcome: { kind: 'accepted', providerMessageId: `${calls.length}` } as const };
  };
  return { served, calls, send };
}

const LOST: Outcome = { kind: 'unknown', reason: 'no-answer' };
const DOWN: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };

describe('an all-or-nothing refusal', () => {
  it('serves every good recipient once and refuses exactly the bad ones, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), fc.boolean(), async (flags, names) => {
        const to = mailboxes(flags.length);
        const bad = new Set(to.filter((_, place) => flags[place]).map(({ address }) => address));
        const world = given(bad, { names });
        const { outcome, recipients } = await sendInGroups(
          attemptOf({ to }, { deadlineMs: 60_000 }),
          false,
          world.send,
        );

        expect(world.served.toSorted()).toEqual(
          to
            .map(({ address }) => address)
            .filter((one) => !bad.has(one))
            .toSorted(),
        );
        for (const { address } of to)
          expect((recipients?.get(address) ?? outcome).kind).toBe(bad.has(address) ? 'refused' : 'accepted');
        expect(JSON.stringify([outcome, ...(recipients?.values() ?? [])])).not.toContain('ofOne');
      }),
    );
  });

  it('ends at the first other failure, and leaves the rest to the next provider', async () => {
    const to = mailboxes(4);
    const world = given(new Set(['r0@example.org']), { failAt: 4 });
    const { outcome, recipients } = await sendInGroups(attemptOf({ to }), false, world.send);

    expect(outcome).toMatchObject({ kind: 'refused' });
    expect(recipients?.get('r1@example.org')).toBe(DOWN);
    for (const one of ['r2@example.org', 'r3@example.org'])
      expect(recipients?.get(one)).toEqual({ kind: 'throttled', of: 'recipient', reason: 'not-tried' });
  });

  it('has the acceptance as its outcome, and lists only the recipients with another outcome', async () => {
    const to = mailboxes(3);
    const some = await sendInGroups(attemptOf({ to }), false, given(new Set(['r0@example.org']), { names: true }).send);
    expect(some.outcome.kind).toBe('accepted');
    expect([...(some.recipients?.keys() ?? [])]).toEqual(['r0@example.org']);

    const all = await sendInGroups(attemptOf({ to }), false, given(new Set()).send);
    expect(all).toEqual({ outcome: { kind: 'accepted', providerMessageId: '1' } });
  });

  it('offers the other recipients in one call if the provider names the bad one, and otherwise in halves', async () => {
    const to = mailboxes(4);
    const named = given(new Set(['r0@example.org']), { names: true });
    await sendInGroups(attemptOf({ to }), false, named.send);
    expect(named.calls.map(({ recipients }) => recipients.length)).toEqual([4, 3]);

    const unnamed = given(new Set(['r0@example.org']));
    const silent = async (call: PartialCall) => {
      const { outcome } = await unnamed.send(call);
      return { outcome };
    };
    await sendInGroups(attemptOf({ to }), false, silent);
    expect(unnamed.calls.map(({ recipients }) => recipients.length)).toEqual([4, 2, 1, 1, 2]);
  });

  it('ends at a refusal of the message itself, and leaves no group for it', async () => {
    const spam: Outcome = { kind: 'refused', blames: 'message', reason: 'content' };
    const [one, two, three] = mailboxes(3).map(({ address }) => address) as [string, string, string];
    const calls: PartialCall[] = [];
    const result = await sendInGroups(
      attemptOf({ to: mailboxes(3) }, { apart: [[two, three]] }),
      false,
      async (call) => {
        calls.push(call);
        return { outcome: spam };
      },
    );

    expect(calls.map(({ recipients }) => recipients)).toEqual([[two, three]]);
    expect(result.outcome).toBe(spam);
    expect([...(result.recipients ?? [])]).toEqual([[one, NOT_TRIED]]);
    expect(result.apart).toEqual([[one]]);
  });

  it('leaves a group that failed, or for which no time was left, to the next attempt', async () => {
    const to = mailboxes(2);
    const failed = given(new Set(['r0@example.org']), { failAt: 2 });
    const { apart } = await sendInGroups(attemptOf({ to }), false, failed.send);
    expect(apart).toEqual([['r0@example.org'], ['r1@example.org']]);

    vi.useFakeTimers({ toFake: ['performance'] });
    const callsWithin = async (deadlineMs: number, connectMs: number) => {
      const world = given(new Set(['r0@example.org']));
      const slow = (call: PartialCall) => {
        vi.advanceTimersByTime(100);
        return world.send(call);
      };
      const result = await sendInGroups(attemptOf({ to }, { deadlineMs, connectMs }), false, slow);
      return [world.calls.length, result.apart];
    };
    try {
      // The code makes a further call only if the remaining time is at least the time for a connection, and at least twice the
      // time of the slowest earlier call.
      expect(await callsWithin(300, 10)).toEqual([2, [['r1@example.org']]]);
      expect(await callsWithin(299, 10)).toEqual([1, [['r0@example.org'], ['r1@example.org']]]);
      expect(await callsWithin(400, 350)).toEqual([1, [['r0@example.org'], ['r1@example.org']]]);
      // The first call is always made.
      expect((await callsWithin(50, 100))[0]).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is narrow in the next attempt, even if only one group is left', async () => {
    const world = given(new Set());
    await sendInGroups(attemptOf({ to: mailboxes(1) }, { apart: [['r0@example.org']] }), false, world.send);
    expect(world.calls.map(({ narrow }) => narrow)).toEqual([true]);
  });

  it('is continued by the next attempts if each has time for one call, and serves no recipient twice', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const lists = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    await fc
      .assert(
        fc.asyncProperty(lists, fc.boolean(), fc.constantFrom<Outcome>(DOWN, LOST), async (flags, names, then) => {
          const to = mailboxes(flags.length);
          const bad = new Set(to.filter((_, place) => flags[place]).map(({ address }) => address));
          let left: readonly string[] = to.map(({ address }) => address);
          let apart: readonly (readonly string[])[] = [];
          const ends: [string, string][] = [];
          const served: string[] = [];
          let attempts = 0;
          for (; left.length > 0; attempts += 1) {
            // In every third attempt the first call fails, so no recipient is served.
            const world = given(bad, { names, then, ...(attempts % 3 === 2 && { failAt: 1 }) });
            const slow = (call: PartialCall) => {
              vi.advanceTimersByTime(600);
              return world.send(call);
            };
            const attempt = attemptOf({ to }, { recipients: left, apart, deadlineMs: 1_000, connectMs: 100 });
            const result = await sendInGroups(attempt, false, slow);
            expect(world.calls).toHaveLength(1);
            served.push(...world.served);
            apart = result.apart ?? apart;
            left = left.filter((one) => {
              const { kind } = result.recipients?.get(one) ?? result.outcome;
              const isEnded = kind === 'accepted' || kind === 'refused';
              if (isEnded) ends.push([one, kind]);
              return !isEnded;
            });
          }
          expect(served.toSorted()).toEqual(to.flatMap(({ address }) => (bad.has(address) ? [] : address)).toSorted());
          for (const [one, kind] of ends) expect(kind).toBe(bad.has(one) ? 'refused' : 'accepted');
          expect(attempts).toBeLessThanOrEqual(3 * to.length);
        }),
      )
      .finally(() => vi.useRealTimers());
  });

  it('offers a recipient of several groups in the smallest, and the largest group first', async () => {
    const to = mailboxes(4);
    const world = given(new Set());
    await sendInGroups(
      attemptOf({ to }, { apart: [['r0@example.org', 'r1@example.org'], ['r1@example.org'], []] }),
      false,
      world.send,
    );
    expect(world.calls.map(({ recipients, narrow }) => [narrow, ...recipients])).toEqual([
      [true, 'r2@example.org', 'r3@example.org'],
      [true, 'r1@example.org'],
      [true, 'r0@example.org'],
    ]);

    const other = given(new Set());
    const large = ['r0@example.org', 'r1@example.org', 'r2@example.org'];
    await sendInGroups(attemptOf({ to }, { apart: [large] }), false, other.send);
    expect(other.calls.map(({ recipients }) => recipients)).toEqual([large, ['r3@example.org']]);
  });

  it('begins no call without time to connect', async () => {
    const world = given(new Set(['r0@example.org']));
    const slow = async (call: PartialCall) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return world.send(call);
    };
    const attempt = attemptOf({ to: mailboxes(2) }, { deadlineMs: 150, connectMs: 100 });
    const { outcome } = await sendInGroups(attempt, false, slow);

    expect(world.calls).toHaveLength(1);
    expect(outcome).toEqual({ kind: 'throttled', of: 'recipient', reason: 'not-tried' });
  });

  it('asks for one recipient once more without the others in To, where these may be refused', async () => {
    const attempt = () => attemptOf({ to: mailboxes(2) }, { recipients: ['r1@example.org'] });
    const none = given(new Set(['r1@example.org']));
    await sendInGroups(attempt(), false, none.send);
    expect(none.calls.map(({ narrow }) => narrow)).toEqual([false]);

    const again = given(new Set(['r1@example.org']));
    await sendInGroups(attempt(), true, again.send);
    expect(again.calls.map(({ narrow }) => narrow)).toEqual([false, true]);

    const alone = given(new Set(['r0@example.org']));
    await sendInGroups(attemptOf({ to: mailboxes(1) }), true, alone.send);
    expect(alone.calls).toHaveLength(1);

    // `suppressed` is always about a recipient of the envelope, never about an address in a header.
    const suppressed: Outcome = { kind: 'refused', blames: 'recipient', reason: 'suppressed', ofOne: true };
    let calls = 0;
    await sendInGroups(attempt(), true, async () => {
      calls += 1;
      return { outcome: suppressed };
    });
    expect(calls).toBe(1);
  });
});

it('a narrow call contains only its recipients', async () => {
  const attempt = attemptOf({ to: mailboxes(2), cc: [{ address: 'c@example.org' }] });
  const mime = await mimeFor(attempt, { recipients: ['r1@example.org'], narrow: true });
  expect(mime.toString()).toMatch(/^To: r1@example\.org\r$/m);
  expect(mime.toString()).not.toMatch(/r0@|c@example|^Cc:/m);

  const whole = { ...attempt, mime: async () => Buffer.from('as composed') };
  const usual = await mimeFor(whole, { recipients: ['r1@example.org'], narrow: false });
  expect(usual.toString()).toBe('as composed');
});

it.each<[string, readonly string[]]>([
  ["Error parsing 'To': Illegal email domain 'localhost' in address 'ada@localhost'.", ['ada@localhost']],
  ['Invalid recipient: ADA@LOCALHOST', ['ada@localhost']],
  ["Invalid domain name: 'localhost'.", ['ada@localhost']],
  ['ada@localhost is no address', ['ada@localhost']],
  ['<ada@localhost>: refused', ['ada@localhost']],
  ['bad: mada@localhost', []],
  ['bad: ada@localhosts', []],
  ['bad: ada@localhost-2', []],
  ['bad', []],
  ['bad: ada@localhost.example', []],
  ["'to' parameter is not a valid address", []],
])('%s names %j', (words, named) => {
  expect(namedIn(words, ['good@example.org', 'ada@localhost'])).toEqual(named);
});
