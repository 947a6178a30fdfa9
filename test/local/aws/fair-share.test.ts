import { describe, expect, it } from 'vitest';
import { fairOrder, type GroupLoad, noisyGroups } from '../../../local/aws/fair-share.ts';
import { createMessage } from '../../../local/aws/fauxqs.ts';
import { LocalQueues } from '../../../local/aws/queue.ts';
import { recordSentFields } from '../../../local/aws/sent-fields.ts';
import { StackClock } from '../../../local/clock.ts';

const load = (given: Partial<GroupLoad> = {}): GroupLoad => ({
  inFlight: new Map(),
  allInFlight: 0,
  busyMs: new Map(),
  allBusyMs: 0,
  ...given,
});

describe('a group is noisy', () => {
  it.each([
    [29, 29, false],
    [30, 30, true],
    [30, 300, false],
    [31, 300, true],
  ])('with %i of %i messages in flight: %s', (own, all, noisy) => {
    expect(noisyGroups(load({ inFlight: new Map([['news', own]]), allInFlight: all })).has('news')).toBe(noisy);
  });

  it('with more than a tenth of the time, however few its messages', () => {
    const busyMs = new Map([
      ['reports', 101],
      ['codes', 100],
    ]);

    expect([...noisyGroups(load({ busyMs, allBusyMs: 1_000 }))]).toEqual(['reports']);
  });
});

describe('fair order', () => {
  const news = { inFlight: new Map([['news', 50]]), allInFlight: 50 };

  it('is that of arrival while all groups are quiet', () => {
    expect(fairOrder(['news', 'codes', undefined, 'news'], 3, load())).toEqual([0, 1, 2]);
  });

  it('puts quiet groups and messages without a group first, and fills up with the noisy one', () => {
    expect(fairOrder(['news', 'news', 'news', 'codes', undefined], 4, load(news))).toEqual([3, 4, 0, 1]);
  });

  it('takes of several noisy groups the one with the fewest in flight', () => {
    const inFlight = new Map([
      ['news', 60],
      ['reports', 58],
    ]);

    expect(
      fairOrder(['news', 'news', 'reports', 'reports', 'reports'], 4, load({ inFlight, allInFlight: 118 })),
    ).toEqual([2, 3, 0, 4]);
  });
});

describe('the local queue', () => {
  it('hands out a quiet group first, from behind a backlog of a hundred thousand, and quickly', () => {
    const queue = new LocalQueues(new StackClock(1)).add('mail', { VisibilityTimeout: '600' });
    const put = (group: string, body: string) => {
      const input: Record<string, unknown> & { MessageAttributes?: object } = { MessageGroupId: group };
      recordSentFields('SendMessage', input, undefined);
      queue.enqueue(createMessage(body, input.MessageAttributes as Record<string, never>));
    };
    for (let count = 0; count < 100_000; count++) put('news', 'news');
    for (let count = 0; count < 3; count++) queue.dequeue(10);
    put('codes', 'code');

    const begun = performance.now();
    const bodies = queue.dequeue(10).map(({ Body }) => Body);
    const tookMs = performance.now() - begun;
    for (let count = 0; count < 100; count++) expect(queue.dequeue(10).map(({ Body }) => Body)).not.toContain('code');

    expect(bodies[0]).toBe('code');
    expect(bodies).toHaveLength(10);
    expect(tookMs).toBeLessThan(1_000);
    expect(queue.inflightMessages.size + queue.messages.length).toBe(100_001);
  });
});
