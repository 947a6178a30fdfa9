import { describe, expect, it } from 'vitest';
import type { ProviderConfig } from '../../../lambda/contract/providers.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import type { SubmissionRecord } from '../../../lambda/submission/record.ts';
import { placeOf } from '../../../lambda/tally/counts.ts';
import { domainName, tallyKey } from '../../../lambda/tally/items.ts';
import { openGate } from '../../support/open-gate.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], subject: 'hi', text: 'hello' };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'service-unavailable' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };
const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };
const KEY = 'submission/order-1';
const postmark: ProviderConfig = { key: 'postmark', type: 'postmark', options: {} };
const mailgun: ProviderConfig = { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } };
const ses: ProviderConfig = { key: 'ses', type: 'ses', options: { identities: ['example.com'] } };
const MINUTE = 60_000;
/** Admission of a mail to a provider that an operator has isolated. */
const ISOLATED = { kind: 'skip', reason: 'isolated', rank: Number.POSITIVE_INFINITY } as const;

describe('the ledger', () => {
  it('needs two writes for a first attempt that is accepted, and stores the result', async () => {
    const world = givenWorld({ postmark: [accepted] });

    await world.send(sqsRecord(mail, { messageId: 'm-1', sentAt: world.now - 5 }));

    expect(world.table.writes).toBe(2);
    expect(world.entry()).toMatchObject({
      state: 'done',
      origin: 'm-1',
      firstSeen: world.now - 5,
      attempts: [
        { number: 1, provider: 'postmark', begun: world.now, each: 'a', outcome: 'accepted', providerMessageId: '1' },
      ],
      done: [0],
      redrives: 0,
      expires: Math.ceil(world.now / 1_000) + 30 * 24 * 3_600,
    });
    expect(world.entry()?.lease).toBeUndefined();
  });

  it('has the attempt recorded before the provider is called', async () => {
    const seen: (SubmissionRecord | undefined)[] = [];
    const world = givenWorld({
      get postmark() {
        seen.push(world.entry());
        return [accepted];
      },
    });

    await world.send(sqsRecord(mail));

    expect(seen[0]).toMatchObject({ state: 'open', attempts: [{ number: 1, provider: 'postmark' }] });
    expect(seen[0]?.lease?.until).toBe(world.now + 60_000);
  });

  it('lets a second delivery of the message be deleted once the first delivery has ended', async () => {
    const world = givenWorld({ postmark: [accepted] });
    const record = sqsRecord(mail);
    await world.send(record);

    await world.send(record);
    await world.send(sqsRecord({ ...mail }, { receiveCount: 3 }));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('prevents a second sending while the first delivery of the message is in progress', async () => {
    const answer = Promise.withResolvers<Outcome>();
    const world = givenWorld({ postmark: [answer.promise] });
    const record = sqsRecord(mail);
    const first = world.send(record);
    await expect.poll(() => world.calls).toEqual(['postmark']);

    await expect(world.send(record)).rejects.toThrow('being worked on');
    answer.resolve(accepted);
    await first;
    await world.send(record);

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('keeps a copy at its last receive off the dead-letter queue while the other copy is in progress', async () => {
    const answer = Promise.withResolvers<Outcome>();
    const world = givenWorld({ postmark: [answer.promise] });
    const first = world.send(sqsRecord(mail));
    await expect.poll(() => world.calls).toEqual(['postmark']);

    await world.send(sqsRecord(mail, { receiveCount: 5 }));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
    answer.resolve(accepted);
    await first;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark']);
  });

  it('refuses another content with the id of an accepted mail, and accepts any formatting of the same content', async () => {
    const world = givenWorld({ postmark: [accepted] });
    await world.send(sqsRecord(mail));

    await world.send(sqsRecord({ ...mail, text: 'other' }));
    await world.send(sqsRecord(Object.fromEntries(Object.entries(mail).reverse())));

    expect(world.sent).toMatchObject([
      { queue: 'dead', attributes: { Reason: 'IdConflict', SubmissionId: 'order-1', Attempts: '0' } },
    ]);
    expect(world.sent[0]?.attributes['Detail']).toContain('an id of its own');
  });

  it('continues where a killed worker stopped: the outcome of its attempt is unknown', async () => {
    const never = new Promise<Outcome>(() => undefined);
    const world = givenWorld(
      { postmark: [never], mailgun: [accepted] },
      { answers: { postmark: [{ kind: 'answered', found: new Map() }] } },
    );
    const record = sqsRecord(mail, { sentAt: world.now });
    void world.send(record);
    await expect.poll(() => world.calls).toEqual(['postmark']);

    world.now += 6 * MINUTE;
    await world.send(sqsRecord(mail, { messageId: record.messageId, receiveCount: 2, sentAt: world.now }));
    // That the other worker must have ended is known only from this worker's clock. Therefore the message first waits on a queue;
    // only then is the provider asked whether it has the mail.
    expect(world.questions).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 60 }]);
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.questions).toMatchObject([{ provider: 'postmark', recipients: ['b@example.org'] }]);
    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.entry()).toMatchObject({
      state: 'done',
      attempts: [
        { provider: 'postmark', outcome: 'unknown', reason: 'interrupted' },
        { provider: 'mailgun', outcome: 'accepted' },
      ],
    });
    expect(world.counted).toContain('PossibleDuplicate postmark');
  });

  it('lets a worker whose clock is ahead send nothing immediately, even if a lease seems expired to this worker', async () => {
    const answer = Promise.withResolvers<Outcome>();
    const world = givenWorld({ postmark: [answer.promise] });
    const record = sqsRecord(mail, { sentAt: world.now });
    const first = world.send(record);
    await expect.poll(() => world.calls).toEqual(['postmark']);

    world.now += 5 * 3_600_000;
    await world.send(record);
    world.now -= 5 * 3_600_000;
    const copy = world.again();
    answer.resolve(accepted);
    await expect(first).rejects.toThrow('taken over its claim');
    world.now += 2 * MINUTE;
    await world.send(copy);

    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()?.state).toBe('done');
  });

  it('allows the look-up of an attempt that a worker with a clock ahead has begun', async () => {
    const found = new Map([['b@example.org', 'pm-7']]);
    const world = givenWorld({ postmark: [lost] }, { answers: { postmark: [{ kind: 'answered', found }] } });
    world.now += 5 * 3_600_000;
    await world.send(sqsRecord(mail, { sentAt: world.now }));

    world.now -= 5 * 3_600_000;
    await world.send(
      sqsRecord(mail, { attributes: { ...world.sent[0]?.attributes, NotBefore: new Date(world.now).toISOString() } }),
    );

    expect(world.entry()?.state).toBe('done');
  });

  it('lets a worker record its outcomes, and do nothing else, after another worker has claimed the submission', async () => {
    const answer = Promise.withResolvers<Outcome>();
    const world = givenWorld({ postmark: [answer.promise] });
    const first = world.send(sqsRecord(mail, { sentAt: world.now }));
    await expect.poll(() => world.calls).toEqual(['postmark']);
    world.now += 50_000;
    const copy = sqsRecord(mail, { receiveCount: 2, sentAt: world.now });
    world.now += 11_000;
    // The first worker's lease is over. Therefore the worker that received the second delivery of the message claims the
    // submission. This worker waits before it asks the provider whether it has the mail.
    await world.send(copy, () => 30_000);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);

    answer.resolve(accepted);
    await expect(first).rejects.toThrow('taken over its claim');

    expect(world.entry()).toMatchObject({ done: [0], attempts: [{ outcome: 'accepted' }] });
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()?.state).toBe('done');
  });

  it('does not record a suppressed recipient as done before the event is sent, since the worker may crash before that', async () => {
    const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };
    const world = givenWorld({
      postmark: [{ outcome: down, recipients: new Map([['inactive@example.org', inactive]]) }],
      mailgun: [new Promise<Outcome>(() => undefined)],
    });
    void world.send(sqsRecord({ ...mail, to: ['inactive@example.org', 'b@example.org'] }, { sentAt: world.now }));
    await expect.poll(() => world.calls).toEqual(['postmark', 'mailgun']);

    expect(world.entry()?.done).toEqual([]);
    expect(world.offered[1]).toEqual(['b@example.org']);
  });

  it('causes no call and no loss if an attempt cannot be recorded', async () => {
    const world = givenWorld({ postmark: [accepted] });
    world.table.trouble = () => {
      throw new Error('ProvisionedThroughputExceededException');
    };
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 5 }]);

    world.table.trouble = () => undefined;
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toHaveLength(1);
  });

  it('shows that no mail was sent if the answer of the first write was lost', async () => {
    const world = givenWorld({ postmark: [accepted] });
    world.table.answerLost = () => {
      throw new Error('timeout');
    };
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    world.table.answerLost = () => undefined;
    expect(world.calls).toEqual([]);

    world.now += 2 * MINUTE;
    await world.send(world.again());

    expect(world.questions).toEqual([]);
    expect(world.calls).toEqual(['postmark']);
    expect(world.numbers).toEqual([2]);
  });

  it('gets an acceptance from the attributes of the next message if the first write of the acceptance failed', async () => {
    const world = givenWorld({ postmark: [accepted] });
    world.table.trouble = () => {
      if (world.table.writes > 0) throw new Error('down');
    };
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', attributes: { Done: '0', Attempts: '1' } }]);

    world.table.trouble = () => undefined;
    world.now += 2 * MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.questions).toEqual([]);
    expect(world.entry()?.state).toBe('done');
    expect(world.sent).toHaveLength(1);
  });

  it('ends the copies of a waiting message as soon as a later message replaces them, and the mail is sent once', async () => {
    const world = givenWorld({ postmark: [down, down, down, down, accepted], mailgun: Array(4).fill(down) });
    const record = sqsRecord(mail, { messageId: 'm-1', sentAt: world.now });
    const rounds: ReturnType<typeof sqsRecord>[][] = [[]];
    const round = async (...records: ReturnType<typeof sqsRecord>[]) => {
      const before = world.sent.length;
      for (const one of records) await world.send(one);
      world.now += 10 * MINUTE;
      rounds.push(world.sent.slice(before).map(({ body, attributes }) => sqsRecord(body, { attributes })));
      return rounds.at(-1) ?? [];
    };

    // SQS loses the deletion of the first message, and delivers the message again. Each of the two deliveries sends a new queue
    // message (a successor) that continues the submission.
    const copies = await round(record, record);
    expect(copies).toHaveLength(2);
    const left = await round(...copies);
    expect(left).toHaveLength(1);
    // SQS delivers the first message and the first successors again. These deliveries have no effect.
    expect(await round(...left, record, ...copies.slice(1))).toHaveLength(1);

    await world.send(rounds.at(-1)?.[0] ?? record);
    expect(world.entry()?.state).toBe('done');
    expect(world.calls.filter((call) => call === 'postmark')).toHaveLength(5);
  });

  it('loses no mail if the table stores a write but does not answer', async () => {
    const world = givenWorld({ postmark: [down, accepted], mailgun: [down] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    const first = world.again();
    world.now += 10 * MINUTE;
    world.table.answerLost = () => {
      throw new Error('timeout');
    };
    // The write to the table succeeds, but its answer is lost. Therefore the next queue message keeps the token of the message
    // that it replaces.
    await world.send(first);
    world.table.answerLost = () => undefined;
    const [, signature] = first.messageAttributes['Worker']?.stringValue?.split(' ') ?? [];
    expect(world.sent.at(-1)?.attributes['Worker']).toMatch(new RegExp(`^(?!${signature})\\S{22} ${signature}$`));

    world.now += 10 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect(world.entry()?.state).toBe('done');
  });

  it('recognises its own write when the answer to it was lost', async () => {
    const world = givenWorld({ postmark: [accepted] });
    let losses = 1;
    world.table.answerLost = () => {
      if (world.table.writes === 2 && losses-- > 0) throw new Error('timeout');
    };

    await world.send(sqsRecord(mail));

    expect(world.sent).toEqual([]);
    expect(world.entry()?.state).toBe('done');
  });

  it('keeps fields that only a newer release knows', async () => {
    const world = givenWorld({ postmark: [down, accepted], mailgun: [down] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    const entry = world.entry() as SubmissionRecord;
    world.table.items.set(KEY, { ...entry, novelty: { deep: [1] } });

    world.now += MINUTE;
    await world.send(world.again());

    expect(world.entry()).toMatchObject({ state: 'done', novelty: { deep: [1] } });
  });

  it('does not treat a field that another worker has added as a claim of the other worker', async () => {
    const answer = Promise.withResolvers<Outcome>();
    const world = givenWorld({ postmark: [answer.promise] });
    const first = world.send(sqsRecord(mail));
    await expect.poll(() => world.calls).toEqual(['postmark']);
    const entry = world.entry() as SubmissionRecord;
    world.table.items.set(KEY, { ...entry, rev: entry.rev + 1, added: 'x' });

    answer.resolve(accepted);
    await first;

    expect(world.entry()).toMatchObject({ state: 'done', added: 'x' });
  });

  it('limits the size of its item, whatever the number of attempts', async () => {
    const rounds = 40;
    const world = givenWorld({ postmark: Array(rounds).fill(down), mailgun: Array(rounds).fill(down) });
    await world.send(sqsRecord(mail, { sentAt: world.now }));

    for (let round = 1; round < rounds; round += 1) {
      world.now += 70 * MINUTE;
      await world.send(world.again());
    }

    expect(world.numbers.at(-1)).toBe(2 * rounds);
    expect(world.entry()?.attempts).toHaveLength(50);
    expect(world.entry()?.attempts.at(-1)?.number).toBe(2 * rounds);
  });

  it('does not cause a dead letter for a late copy of an accepted mail that has expired', async () => {
    const world = givenWorld({ postmark: [accepted] });
    const expiring = { ...mail, expiresAt: new Date(world.now + 1_000).toISOString() };
    await world.send(sqsRecord(expiring, { sentAt: world.now }));

    world.now += 10 * MINUTE;
    await world.send(sqsRecord(expiring, { sentAt: world.now - 10 * MINUTE }));

    expect(world.sent).toEqual([]);
  });
});

describe('an unrecognised answer', () => {
  const odd: Outcome = { kind: 'unrecognised', reason: 'unrecognised', status: '550', detail: '550 new rule for hi' };

  it('leads to the next provider, and the mail waits if no provider accepts it', async () => {
    const world = givenWorld({
      postmark: [odd, odd],
      mailgun: [{ ...odd, status: '400', detail: 'purpose?' }, accepted],
    });

    await world.send(sqsRecord(mail));
    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
    expect(world.counted).toContain('UnrecognisedAnswers postmark');

    world.now += 10 * MINUTE;
    await world.send(world.again());
    expect(world.entry()?.state).toBe('done');
    expect(world.counted.filter((line) => line.startsWith('Contradictions'))).toEqual(['Contradictions postmark']);
  });

  it.each([
    ['Exhausted', (4 * 24 * 60 + 1) * MINUTE, {}],
    ['Expired', 30 * MINUTE, { expiresAt: '2026-11-24T12:20:00Z' }],
  ])(
    'leads to the dead letter %s with the last answer text of each provider, without the subject',
    async (reason, later, more) => {
      const world = givenWorld({ postmark: [odd], mailgun: [{ ...odd, status: '400', detail: 'purpose?' }] });
      await world.send(sqsRecord({ ...mail, ...more }, { sentAt: world.now }));

      world.now += later;
      await world.send(world.again());

      const { queue, attributes } = world.sent.at(-1) ?? {};
      expect(queue).toBe('dead');
      expect(attributes?.['Reason']).toBe(reason);
      expect(attributes?.['Detail']).toMatch(/; postmark: 550 new rule for <subject>; mailgun 400: purpose\?$/);
    },
  );
});

describe('a recipient that all providers have refused', () => {
  it('is left out of later calls while another recipient waits', async () => {
    const bothBad = new Map([['c@example.org', bad]]);
    const world = givenWorld({ postmark: [{ outcome: down, recipients: bothBad }, accepted] });
    const only = { ...mail, to: ['b@example.org', 'c@example.org'], providers: { only: ['postmark'] } };
    await world.send(sqsRecord(only));

    world.now += 10 * MINUTE;
    await world.send(world.again());

    expect(world.offered).toEqual([['b@example.org', 'c@example.org'], ['b@example.org']]);
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Refused', Done: '0' } });
  });
});

describe('a mail that was dead-lettered', () => {
  it('keeps the answers of providers while the dead-letter queue is unavailable', async () => {
    const world = givenWorld({ postmark: [bad], mailgun: [bad] });
    const held = { ...mail, onUnknown: 'hold' };
    world.queueDown = () => true;
    await expect(world.send(sqsRecord(held, { sentAt: world.now }))).rejects.toThrow('queue down');

    world.queueDown = () => false;
    world.now += 6 * MINUTE;
    await world.send(sqsRecord(held, { receiveCount: 2, sentAt: world.now }));

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused', Attempts: '2' } }]);
  });

  it('is sent again when it is redriven, through all providers', async () => {
    const world = givenWorld({ postmark: [bad, accepted], mailgun: [bad] });
    await world.send(sqsRecord(mail));
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused' } }]);
    expect(world.entry()).toMatchObject({ state: 'dead', reason: 'Refused' });

    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect(world.entry()).toMatchObject({
      state: 'done',
      redrives: 1,
      attempts: [{ each: 'r' }, { each: 'r' }, { redrive: 1, each: 'a' }],
    });
    expect(world.entry()?.reason).toBeUndefined();
  });

  it('is sent again after a redrive to a doubted provider that had refused the mailbox', async () => {
    const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'suppressed' };
    const world = givenWorld({ postmark: [inactive, accepted], mailgun: [down] });
    const { hour } = placeOf(world.now);
    const counts = { [`dno/postmark/${domainName('b@example.org')}`]: 3 };
    world.table.items.set(tallyKey(hour), { pk: tallyKey(hour), rev: 1, counts, doubted: [] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    expect(world.entry()).toMatchObject({ state: 'open', attempts: [{ each: 'd' }, { each: 'n' }] });
    world.now += 5 * 24 * 60 * MINUTE;
    await world.send(world.again());
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Exhausted' } });

    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect(world.entry()).toMatchObject({ state: 'done', done: [0] });
    expect(world.sent.map(({ queue }) => queue)).not.toContain('events');
  });

  it('is sent through another vendor if two doubted accounts of one vendor refused the mailbox', async () => {
    const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'suppressed' };
    const world = givenWorld({ postmark: [inactive], 'postmark-2': [inactive], mailgun: [accepted] });
    world.redeploy([postmark, { ...postmark, key: 'postmark-2' }, mailgun]);
    const { hour } = placeOf(world.now);
    const domain = domainName('b@example.org');
    // According to these counts, the second account also wrongly refuses mailboxes of this domain.
    const counts = { [`dno/postmark/${domain}`]: 3, [`dno/postmark-2/${domain}`]: 3, 'no/postmark-2/0': 3 };
    world.table.items.set(tallyKey(hour), { pk: tallyKey(hour), rev: 1, counts, doubted: [] });

    await world.send(sqsRecord(mail, { sentAt: world.now }));

    expect(world.calls).toEqual(['postmark', 'postmark-2', 'mailgun']);
    expect(world.entry()).toMatchObject({ state: 'done', done: [0] });
    expect(world.sent.map(({ queue }) => queue)).not.toContain('events');
  });

  it('is not looked up too early if an earlier answer of the same provider was lost, too', async () => {
    const nothing = { kind: 'answered', found: new Map() } as const;
    const world = givenWorld(
      { postmark: [lost, lost] },
      { gate: { ...openGate, recoveredSince: async () => true }, answers: { postmark: [nothing] } },
    );
    await world.send(sqsRecord({ ...mail, providers: { only: ['postmark'] } }, { sentAt: world.now }));
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark', 'postmark']);

    world.now += MINUTE / 3;
    await world.send(world.again());

    expect(world.questions).toHaveLength(1);
    expect(world.calls).toHaveLength(2);
    expect(world.sent.at(-1)).toMatchObject({ queue: 'retry-postmark' });
  });

  it('is sent again after a redrive during which the table was unavailable, but a copy of this redrive does not send it once more', async () => {
    const world = givenWorld({ postmark: [bad, bad], mailgun: [bad, bad] });
    await world.send(sqsRecord(mail));
    world.table.behavior = 'fail';
    await world.send(world.again());
    expect(world.sent[1]).toMatchObject({ queue: 'retry-postmark' });

    world.table.behavior = 'work';
    world.now += 2 * MINUTE;
    const retry = world.again();
    await world.send(retry);
    await world.send(retry);

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark', 'mailgun']);
    expect(world.sent.slice(2)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused' } }]);
  });

  it('is not sent because of a copy of the dead-lettered message or of a message from a retry queue', async () => {
    const world = givenWorld({ postmark: [down, bad], mailgun: [down, bad] });
    const record = sqsRecord(mail, { sentAt: world.now });
    await world.send(record);
    world.now += MINUTE;
    const retry = world.again();
    await world.send(retry);
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead' });

    await world.send(record);
    await world.send(retry);

    expect(world.sent).toHaveLength(2);
    expect(world.calls).toHaveLength(4);
  });

  it('is tried when a producer sends it to the queue again', async () => {
    const world = givenWorld({ postmark: [bad, accepted], mailgun: [bad] });
    await world.send(sqsRecord(mail));

    await world.send(sqsRecord(mail));

    expect(world.entry()?.state).toBe('done');
  });

  it('is not tried again without a redrive if it may have been accepted and `hold` applies', async () => {
    const world = givenWorld({ postmark: [lost], mailgun: [accepted] });
    const once = { ...mail, onUnknown: 'hold' };
    await world.send(sqsRecord(once, { sentAt: world.now }));
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Unknown' } });

    await world.send(sqsRecord(once));
    expect(world.calls).toEqual(['postmark']);

    // After a redrive, the provider with the unknown outcome is asked again whether it has the mail. The sender tries this
    // provider last.
    await world.send(world.again());
    expect(world.questions).toHaveLength(2);
    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.entry()?.state).toBe('done');
    expect(world.counted).toContain('PossibleDuplicate postmark');
  });

  it('is dead-lettered again if an answer is lost after the redrive, too', async () => {
    const world = givenWorld({ postmark: [lost], mailgun: [lost] });
    await world.send(sqsRecord({ ...mail, onUnknown: 'hold' }, { sentAt: world.now }));
    for (let round = 0; round < 3; round += 1) {
      world.now += 2 * MINUTE;
      await world.send(world.again());
    }

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.sent.map(({ queue }) => queue)).toEqual(['retry-postmark', 'dead', 'retry-mailgun', 'dead']);
  });

  it('is not sent again after a redrive to a recipient for which it was accepted', async () => {
    const two = { ...mail, to: ['b@example.org', 'c@example.org'] };
    const world = givenWorld({
      postmark: [{ outcome: accepted, recipients: new Map([['c@example.org', bad]]) }, accepted],
      mailgun: [bad],
    });
    await world.send(sqsRecord(two));
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused', Done: '0' } }]);

    await world.send(world.again());

    expect(world.offered).toEqual([['b@example.org', 'c@example.org'], ['c@example.org'], ['c@example.org']]);
  });
});

describe('a copy that can no longer be processed', () => {
  const heavy = {
    ...mail,
    attachments: [
      { filename: 'a.pdf', contentType: 'application/pdf', s3: { bucket: 'mail', key: 'submissions/a.pdf' } },
    ],
  };
  const givenObjects = (script: Parameters<typeof givenWorld>[0]) => {
    const files: { read: () => Promise<Buffer | 'missing'> } = { read: () => Promise.resolve(Buffer.from('%PDF')) };
    return { files, world: givenWorld(script, { objects: { read: () => files.read() } }) };
  };
  const gone = () => Promise.resolve('missing' as const);
  const broken = () => Promise.reject(new Error('503'));

  it.each([
    ['whose file was removed in the meantime', gone],
    ['whose file cannot be read at this moment', broken],
  ])('of accepted mail, %s, is deleted', async (_, read) => {
    const { files, world } = givenObjects({ postmark: [accepted] });
    await world.send(sqsRecord(heavy));
    files.read = read;

    await world.send(sqsRecord(heavy, { receiveCount: 2 }));

    expect(world.sent).toEqual([]);
  });

  it('stays on its queue while another copy is being processed', async () => {
    const { files, world } = givenObjects({ postmark: [down], mailgun: [down] });
    await world.send(sqsRecord(heavy, { sentAt: world.now }));
    const letter = world.again();
    world.now += MINUTE;
    const entry = world.entry() as SubmissionRecord;
    const begun = { number: 3, provider: 'postmark', begun: world.now };
    const lease = { owner: 'another', until: world.now + 1 };
    world.table.items.set(KEY, { ...entry, lease, attempts: [...entry.attempts, begun] });
    files.read = gone;

    await expect(world.send(letter)).rejects.toThrow('being worked on');
  });

  it('is dead-lettered again after a redrive if it is malformed and names the id of accepted mail', async () => {
    const world = givenWorld({ postmark: [accepted] });
    await world.send(sqsRecord(mail));

    await world.send(await world.redriven({ ...mail, sbject: 'x' }, { SubmissionId: 'order-1', Reason: 'Malformed' }));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Malformed' } }]);
  });

  it('is dead-lettered if the message has not been accepted, or if it is another message', async () => {
    const { files, world } = givenObjects({ postmark: [down, accepted], mailgun: [down] });
    await world.send(sqsRecord(heavy, { sentAt: world.now }));
    const letter = world.again();
    files.read = gone;
    world.now += MINUTE;
    await world.send(letter);
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'MissingObject' } });

    files.read = () => Promise.resolve(Buffer.from('%PDF'));
    await world.send(letter);
    expect(world.entry()?.state).toBe('done');
    files.read = gone;
    await world.send(sqsRecord({ ...heavy, subject: 'another' }));
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'MissingObject' } });
  });

  it('is dead-lettered if another submission has its id, and its own submission was never in the table', async () => {
    const { files, world } = givenObjects({ postmark: [accepted] });
    await world.send(sqsRecord(mail));
    files.read = gone;
    const later = new Date(world.now).toISOString();
    // The attempt could not be recorded, so the provider was not called.
    const untried = {
      worker: 'w',
      number: 1,
      provider: 'postmark',
      begun: 1,
      ended: 2,
      each: 'n',
      outcome: 'unavailable',
    };
    const attributes = {
      SubmissionId: 'order-1',
      FirstSeen: later,
      NotBefore: later,
      History: JSON.stringify([untried]),
    };
    const pointer = { version: 1, s3: { bucket: 'mail', key: 'submissions/gone.json' } };

    await world.send(sqsRecord(pointer, { queue: 'retry-postmark', attributes, sentAt: world.now }));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'MissingObject' } }]);
  });
});

describe('a lost answer', () => {
  it('that is lost again at the same provider makes the mail wait as long as the mail is old', async () => {
    const none = { kind: 'answered', found: new Map() } as const;
    const world = givenWorld({ postmark: [lost, lost], mailgun: [down, down] }, { answers: { postmark: [none] } });
    await world.send(sqsRecord(mail));
    const waits = [world.sent.at(-1)?.delay];
    world.now += 10 * MINUTE;

    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect([...waits, world.sent.at(-1)?.delay]).toEqual([60, 600]);
  });

  it('is assumed after a server error for a complete request, if `hold` applies', async () => {
    const hidden: Outcome = { ...down, reason: 'server-error', maybeTaken: true } as Outcome;
    const found = new Map([['b@example.org', 'pm-7']]);
    const world = givenWorld({ postmark: [hidden] }, { answers: { postmark: [{ kind: 'answered', found }] } });

    await world.send(sqsRecord({ ...mail, onUnknown: 'hold' }, { sentAt: world.now }));
    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject({ attempts: [{ outcome: 'unavailable', reason: 'server-error' }] });
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject({ state: 'done', attempts: [{ outcome: 'accepted', reason: 'found' }] });
  });

  it('makes the mail wait even after `expiresAt`, although the mail has expired for other recipients', async () => {
    const cannot = { kind: 'cannot-say', reason: 'rate-limit' } as const;
    const found = new Map([['b@example.org', 'pm-7']]);
    const busy: Outcome = { kind: 'throttled', of: 'provider', reason: 'rate-limit' };
    const world = givenWorld(
      { postmark: [{ outcome: lost, recipients: new Map([['c@example.org', busy]]) }], mailgun: [busy] },
      { answers: { postmark: [cannot, { kind: 'answered', found }] } },
    );
    const expiresAt = new Date(world.now + MINUTE).toISOString();
    await world.send(sqsRecord({ ...mail, to: ['b@example.org', 'c@example.org'], expiresAt }, { sentAt: world.now }));
    world.now += 2 * MINUTE;
    await world.send(world.again());
    expect(world.sent.at(-1)).toMatchObject({ queue: 'retry-postmark' });
    world.now += 2 * MINUTE;
    await world.send(world.again());

    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Expired', Done: '0' } });
  });

  it('causes a look-up after a minute; a mail that the look-up finds counts as accepted', async () => {
    const found = new Map([['b@example.org', 'pm-7']]);
    const world = givenWorld({ postmark: [lost] }, { answers: { postmark: [{ kind: 'answered', found }] } });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 60 }]);

    world.now += MINUTE;
    await world.send(world.again());

    expect(world.questions).toMatchObject([{ provider: 'postmark', begunAt: world.now - MINUTE }]);
    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject({
      state: 'done',
      attempts: [{ outcome: 'accepted', reason: 'found', providerMessageId: 'pm-7' }],
    });
  });

  it.each([
    ['reported by the message', false],
    ['of a worker that was killed', true],
  ])('causes a look-up at the same account if the key of the account has changed, %s', async (_name, died) => {
    const found = new Map([['b@example.org', 'pm-7']]);
    const death = Promise.reject(new Error('died'));
    death.catch(() => undefined);
    const world = givenWorld(
      { postmark: [died ? death : lost] },
      { answers: { 'postmark-main': [{ kind: 'answered', found }] } },
    );
    const first = sqsRecord(mail, { sentAt: world.now });
    await world.send(first).catch(() => undefined);
    world.redeploy([
      { key: 'postmark-main', type: 'postmark', options: { messageStream: 'outbound' } },
      { key: 'mailgun', type: 'mailgun', options: { domain: 'example.com' } },
    ]);

    for (let round = 0; round < 3 && world.entry()?.state !== 'done'; round++) {
      world.now += 2 * MINUTE;
      await world.send(world.sent.length > 0 ? world.again() : sqsRecord(mail, { receiveCount: 2, sentAt: world.now }));
    }

    expect(world.questions.map(({ provider }) => provider)).toEqual(['postmark-main']);
    expect(world.calls).toEqual(['postmark']);
    expect(world.entry()).toMatchObject({ state: 'done' });
  });

  it('leads to the next provider if the first provider does not have the mail', async () => {
    const world = givenWorld(
      { postmark: [lost], mailgun: [accepted] },
      { answers: { postmark: [{ kind: 'answered', found: new Map() }] } },
    );
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.counted).toContain('PossibleDuplicate postmark');
  });

  it('causes three look-ups while the provider cannot answer, then the next provider is tried', async () => {
    const unable = { kind: 'cannot-say', reason: 'connect-timeout' } as const;
    const world = givenWorld(
      { postmark: [lost], mailgun: [accepted] },
      { answers: { postmark: [unable, unable, unable] } },
    );
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    for (let round = 0; round < 3; round += 1) {
      expect(world.calls).toEqual(['postmark']);
      world.now += 2 * MINUTE;
      await world.send(world.again());
    }

    expect(world.questions).toHaveLength(3);
    expect(world.calls).toEqual(['postmark', 'mailgun']);
  });

  it.each(['not-askable', 'authentication'])(
    'leads to the next provider after one look-up that cannot help: %s',
    async (reason) => {
      const world = givenWorld(
        { postmark: [lost], mailgun: [accepted] },
        { answers: { postmark: [{ kind: 'cannot-say', reason }] } },
      );
      await world.send(sqsRecord(mail, { sentAt: world.now }));
      world.now += MINUTE;
      await world.send(world.again());

      expect(world.calls).toEqual(['postmark', 'mailgun']);
    },
  );

  it('leads to the next provider only for recipients for which the look-up did not find the mail', async () => {
    const two = { ...mail, to: ['b@example.org', 'c@example.org'] };
    const world = givenWorld(
      { postmark: [lost], mailgun: [accepted] },
      { answers: { postmark: [{ kind: 'answered', found: new Map([['b@example.org', 'x']]) }] } },
    );
    await world.send(sqsRecord(two, { sentAt: world.now }));
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.offered).toEqual([['b@example.org', 'c@example.org'], ['c@example.org']]);
  });

  it('causes a look-up even after `expiresAt`, and a mail that is found does not expire', async () => {
    const found = new Map([['b@example.org', 'pm-7']]);
    const world = givenWorld({ postmark: [lost] }, { answers: { postmark: [{ kind: 'answered', found }] } });
    const expiring = { ...mail, expiresAt: new Date(world.now + 30_000).toISOString() };
    await world.send(sqsRecord(expiring, { sentAt: world.now }));

    world.now += MINUTE;
    await world.send(world.again());

    expect(world.entry()?.state).toBe('done');
    expect(world.sent).toHaveLength(1);
  });

  it('with `hold` is resolved as accepted if the provider has the mail', async () => {
    const found = new Map([['b@example.org', 'pm-7']]);
    const world = givenWorld({ postmark: [lost] }, { answers: { postmark: [{ kind: 'answered', found }] } });
    await world.send(sqsRecord({ ...mail, onUnknown: 'hold' }, { sentAt: world.now }));
    world.now += MINUTE;
    await world.send(world.again());

    expect(world.entry()?.state).toBe('done');
    expect(world.sent.some(({ queue }) => queue === 'dead')).toBe(false);
  });
});

describe('the gate', () => {
  it('lets the provider with the lowest rank be called if every circuit breaker is open', async () => {
    const asked: string[] = [];
    const world = givenWorld(
      { mailgun: [accepted] },
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }, { forced }) => {
            asked.push(`${key}${forced ? ' forced' : ''}`);
            if (forced) return { kind: 'go', leave: async () => undefined };
            return { kind: 'skip', reason: 'open', rank: key === 'mailgun' ? 1 : 2 };
          },
        },
      },
    );

    await world.send(sqsRecord(mail));

    expect(asked).toEqual(['postmark', 'mailgun', 'mailgun forced']);
    expect(world.calls).toEqual(['mailgun']);
  });

  it('prevents the call of a provider whose slot of the rate limit has passed during the write to the ledger', async () => {
    const world = givenWorld(
      { mailgun: [accepted] },
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }) => ({
            kind: 'go',
            leave: async () => undefined,
            onTime: async () => (key === 'postmark' ? { kind: 'skip', reason: 'rate', rank: 10 } : undefined),
          }),
        },
      },
    );

    await world.send(sqsRecord(mail));

    expect(world.calls).toEqual(['mailgun']);
    expect(world.entry()?.attempts).toMatchObject([
      { provider: 'postmark', outcome: 'unavailable', reason: 'not-tried' },
      { provider: 'mailgun', outcome: 'accepted' },
    ]);
  });

  it('leads to a log of skipped providers with the next attempt, or in a separate line if no attempt follows', async () => {
    const open = new Set(['postmark']);
    const world = givenWorld(
      { mailgun: [down], ses: [accepted] },
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }) =>
            open.has(key)
              ? { kind: 'skip', reason: key === 'ses' ? 'isolated' : 'open', rank: Number.POSITIVE_INFINITY }
              : { kind: 'go', leave: async () => undefined },
        },
      },
    );
    world.redeploy([postmark, mailgun, ses]);
    // Postmark cannot send a calendar invitation as an alternative to the text.
    const content = 'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n';
    const invited = { ...mail, id: 'order-2', calendar: { method: 'REQUEST', content } };
    const skipped = () =>
      world.lines.flatMap((line) => {
        const { message, submissionId, provider, skipped } = JSON.parse(line) as Record<string, string>;
        if (!skipped && message !== 'attempt') return [];
        return [[message, submissionId, provider, skipped && JSON.parse(skipped)]];
      });

    await world.send(sqsRecord(mail));
    expect(skipped()).toEqual([
      ['attempt', 'order-1', 'mailgun', { postmark: 'open' }],
      ['attempt', 'order-1', 'ses', undefined],
    ]);

    world.lines.length = 0;
    open.add('mailgun').add('ses');
    await world.send(sqsRecord(invited));
    const postmarkSays = 'does not support an invitation as an alternative to the text';
    expect(skipped()).toEqual([
      ['no provider tried', 'order-2', undefined, { postmark: postmarkSays, mailgun: 'open', ses: 'isolated' }],
    ]);
  });

  it('is asked again about a provider that waits for the result of a probe, before a call is forced', async () => {
    const asked: string[] = [];
    const world = givenWorld(
      { postmark: [down], mailgun: [accepted] },
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }, { forced }) => {
            asked.push(`${key}${forced ? ' forced' : ''}`);
            if (key === 'postmark' || forced) return { kind: 'go', leave: async () => undefined };
            return { kind: 'skip', reason: 'probing', rank: 30 };
          },
        },
      },
    );

    await world.send(sqsRecord(mail));

    expect(asked).toEqual(['postmark', 'mailgun', 'mailgun', 'mailgun forced']);
    expect(world.calls).toEqual(['postmark', 'mailgun']);
  });

  it('forces no provider that has no recipient left, if another skipped provider has recipients left', async () => {
    const asked: string[] = [];
    const later: Outcome = { kind: 'throttled', of: 'recipient', reason: 'greylisted' };
    const world = givenWorld(
      { mailgun: [{ outcome: accepted, recipients: new Map([['what?@example.org', later]]) }], ses: [accepted] },
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }, { forced }) => {
            asked.push(`${key}${forced ? ' forced' : ''}`);
            if (key === 'mailgun' || forced) return { kind: 'go', leave: async () => undefined };
            return { kind: 'skip', reason: 'probing', rank: key === 'postmark' ? 30 : 45 };
          },
        },
      },
    );
    world.redeploy([postmark, mailgun, ses]);

    // Postmark refuses an address that contains a question mark.
    await world.send(sqsRecord({ ...mail, to: ['b@example.org', 'what?@example.org'] }));

    expect(asked).toEqual(['postmark', 'mailgun', 'ses', 'ses', 'ses forced']);
    expect(world.entry()?.state).toBe('done');
  });

  it('forces no isolated provider, and the mail waits for the time that the gate returns (`againAfterMs`)', async () => {
    const world = givenWorld(
      {},
      {
        gate: {
          recoveredSince: async () => false,
          enter: async ({ key }) =>
            key === 'mailgun'
              ? { kind: 'skip', reason: 'rate', rank: 0, againAfterMs: 20_000 }
              : { kind: 'skip', reason: 'isolated', rank: 9 },
        },
      },
    );

    await world.send(sqsRecord(mail, { sentAt: world.now - 3 * 3_600_000 }));

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 20, attributes: { Attempts: '0' } }]);
  });

  it('causes one write to the ledger for a mail that waits without an attempt', async () => {
    const world = givenWorld({}, { gate: { recoveredSince: async () => true, enter: async () => ISOLATED } });

    await world.send(sqsRecord(mail, { messageId: 'm-1', sentAt: world.now }));

    expect(world.entry()).toMatchObject({ state: 'open', origin: 'm-1', firstSeen: world.now, attempts: [] });
    expect(world.entry()?.lease).toBeUndefined();
    expect(world.table.writes).toBe(1);
  });

  it('does not prevent the deletion of a copy of an accepted mail if all providers are skipped', async () => {
    const gate = skippingGate();
    const world = givenWorld({ postmark: [accepted] }, { gate });
    const record = sqsRecord(mail);
    await world.send(record);
    gate.skips = true;

    await world.send(record);

    expect(world.sent).toEqual([]);
    expect(world.entry()?.state).toBe('done');
  });

  it('does not prevent the dead letter for another content with the same id if all providers are skipped', async () => {
    const gate = skippingGate();
    const world = givenWorld({ postmark: [accepted] }, { gate });
    await world.send(sqsRecord(mail));
    gate.skips = true;

    await world.send(sqsRecord({ ...mail, subject: 'another' }, { messageId: 'm-2' }));

    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'IdConflict' } }]);
    expect(world.entry()?.state).toBe('done');
  });

  it('does not prevent a new try of a dead mail without its attributes if all providers are skipped', async () => {
    const gate = skippingGate();
    const world = givenWorld({ postmark: [bad], mailgun: [bad], ses: [bad] }, { gate });
    await world.send(sqsRecord(mail));
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused' } }]);
    gate.skips = true;

    await world.send(sqsRecord(mail, { messageId: 'm-2' }));

    expect(world.sent.at(-1)).toMatchObject({ queue: 'retry-postmark' });
    expect(world.entry()).toMatchObject({ state: 'open', origin: 'm-2' });
  });

  it('does not cause more and more copies of a mail that waits for an isolated provider', async () => {
    const world = givenWorld({}, { gate: { recoveredSince: async () => true, enter: async () => ISOLATED } });
    await world.send(sqsRecord(mail));
    let waiting = [world.again()];

    for (let round = 1; round <= 5; round += 1) {
      world.now += MINUTE;
      const next: typeof waiting = [];
      // SQS delivers each message twice.
      for (const record of waiting.flatMap((one) => [one, one])) {
        const before = world.sent.length;
        await world.send(record);
        if (world.sent.length > before) next.push(world.again());
      }
      waiting = next;
    }

    expect(waiting.length).toBeLessThanOrEqual(2);
    expect(waiting.length).toBeGreaterThan(0);
  });

  it('makes an old mail wait long while every provider fails, even if the gate permits an early try', async () => {
    const world = givenWorld(
      {},
      {
        gate: {
          recoveredSince: async () => false,
          enter: async () => ({ kind: 'skip', reason: 'open', rank: Number.POSITIVE_INFINITY, againAfterMs: 5_000 }),
        },
      },
    );

    await world.send(sqsRecord(mail, { sentAt: world.now - 3 * 3_600_000 }));

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 900 }]);
  });

  it('lets a waiting message be sent at its next receive after a provider has recovered', async () => {
    let back = false;
    const world = givenWorld(
      { postmark: [down, accepted], mailgun: [down] },
      { gate: { recoveredSince: async () => back, enter: async () => ({ kind: 'go', leave: async () => undefined }) } },
    );
    await world.send(sqsRecord(mail, { sentAt: world.now - 3_600_000 }));
    expect(world.sent).toMatchObject([{ delay: 900 }]);

    world.now += 15 * MINUTE;
    await world.send(world.again());
    expect(world.calls).toHaveLength(2);

    back = true;
    await world.send(world.again());
    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
  });
});

it.each([
  ['in the same round', [accepted]],
  ['in a later round', [down, accepted]],
])(
  'a mail counts as failed over if a provider refuses its mailbox and another provider accepts it %s',
  async (_, answers) => {
    const world = givenWorld({ postmark: [inactive], mailgun: [...answers] });
    givenDoubt(world, 'postmark', 'example.org');

    await world.send(sqsRecord(mail));
    if (answers.length > 1) {
      world.now += MINUTE;
      await world.send(world.again());
    }

    expect(world.calls).toEqual(['postmark', ...answers.map(() => 'mailgun')]);
    expect(world.counted.filter((one) => one === 'FailedOver')).toHaveLength(1);
  },
);

/** Returns a gate that admits every mail to every provider until its `skips` is set. From then on all providers are isolated. */
function skippingGate() {
  const gate: typeof openGate & { skips: boolean } = {
    ...openGate,
    skips: false,
    enter: async (...request) => (gate.skips ? ISOLATED : openGate.enter(...request)),
  };
  return gate;
}

/**
 * Stores counts of refused mailboxes. Because of these counts the sender does not trust the provider's next refusal of a mailbox
 * in this domain.
 */
function givenDoubt({ now, table }: ReturnType<typeof givenWorld>, provider: string, domain: string): void {
  const pk = tallyKey(placeOf(now).hour);
  const counts = { [`dno/${provider}/${domainName(`x@${domain}`)}`]: 2 };
  table.items.set(pk, { pk, rev: 1, counts, doubted: [] });
}
