import { describe, expect, it } from 'vitest';
import { type Gate, UNREADY } from '../../../lambda/circuit/admission.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { readEnded } from '../../../lambda/tally/items.ts';
import { openGate } from '../../support/open-gate.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const mail = { version: 1, id: 'order-1', from: 'a@example.com', to: ['b@example.org'], subject: 'hi', text: 'hello' };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const inactive: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };
const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };

describe('sender', () => {
  it('is done when the first provider accepts the mail', async () => {
    const world = givenWorld({ postmark: [accepted] });

    await world.send(sqsRecord(mail));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('fails over within one receive', async () => {
    const world = givenWorld({ postmark: [down], mailgun: [accepted] });

    await world.send(sqsRecord(mail));

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.sent).toEqual([]);
  });

  it.each([
    ['fresh', undefined, {}],
    ['fresh', 2 * 3_600_000, {}],
    ['urgent', 600_000, {}],
    ['urgent', undefined, { class: 'login-codes' }],
  ])(
    'asks for a slot as %s mail if the mail expires in %s ms and has the fields %j',
    async (queueKind, inMs, fields) => {
      const queueKinds: string[] = [];
      const enter: Gate['enter'] = (provider, request) => {
        queueKinds.push(request.queueKind);
        return openGate.enter(provider, request);
      };
      const world = givenWorld({ postmark: [accepted], mailgun: [accepted] }, { gate: { ...openGate, enter } });
      const expiresAt = inMs === undefined ? undefined : new Date(world.now + inMs).toISOString();

      await world.send(sqsRecord({ ...mail, ...fields, expiresAt }, { sentAt: world.now }));

      expect(queueKinds).toEqual([queueKind]);
    },
  );

  it('skips a provider that this worker cannot call, and the mail waits some seconds if the worker can call no provider', async () => {
    const unready = new Set(['postmark']);
    const enter: Gate['enter'] = async (provider, passenger) =>
      unready.has(provider.key) ? UNREADY : openGate.enter(provider, passenger);
    const world = givenWorld({ mailgun: [accepted] }, { gate: { ...openGate, enter } });

    await world.send(sqsRecord({ ...mail, id: 'one' }, { sentAt: world.now }));
    expect(world.calls).toEqual(['mailgun']);
    expect(world.sent).toEqual([]);

    unready.add('mailgun');
    await world.send(sqsRecord({ ...mail, id: 'two' }, { sentAt: world.now }));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', delay: 5, attributes: { Attempts: '0' } }]);
    expect(world.counted.filter((name) => name.startsWith('Attempts'))).toEqual(['Attempts mailgun']);

    // The wait grows with the age of the message, as it does after any other round of attempts.
    world.now += 600_000;
    await world.send(world.again());
    expect(world.sent.at(-1)).toMatchObject({ delay: 600 });
  });

  it('does not count a call that this worker could not make as an attempt', async () => {
    const world = givenWorld({ postmark: [{ notCalled: 'secrets-unreachable' }], mailgun: [accepted] });

    await world.send(sqsRecord(mail));

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.counted.filter((name) => name.startsWith('Attempts'))).toEqual(['Attempts mailgun']);
    expect(world.entry()?.attempts).toMatchObject([
      { outcome: 'unavailable', reason: 'not-tried' },
      { outcome: 'accepted' },
    ]);
  });

  it('sends a mail that no provider accepts to the retry queue of the preferred provider, with the same body', async () => {
    const world = givenWorld({ postmark: [down], mailgun: [down] });
    const record = sqsRecord(mail, { sentAt: world.now });

    await world.send(record);

    expect(world.sent).toEqual([
      {
        queue: 'retry-postmark',
        body: record.body,
        delay: 60,
        attributes: {
          SubmissionId: 'order-1',
          Life: '1',
          FirstSeen: new Date(world.now).toISOString(),
          NotBefore: new Date(world.now + 60_000).toISOString(),
          Attempts: '2',
          Provider: 'postmark',
          Worker: expect.any(String),
          History: expect.stringMatching(/^\[\{.*"postmark".*\},\{.*"mailgun".*\}\]$/),
          Proof: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        },
      },
    ]);
  });

  it('runs the whole route again on a retry and continues the count of attempts', async () => {
    const world = givenWorld({ postmark: [down, accepted], mailgun: [down] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));

    world.now += 60_000;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    expect(world.numbers).toEqual([1, 2, 3]);
  });

  it('delays a message by at most fifteen minutes if its retry is due later', async () => {
    const world = givenWorld({});
    const notBefore = world.now + 3_600_000;
    const attributes = {
      NotBefore: new Date(notBefore).toISOString(),
      FirstSeen: new Date(world.now).toISOString(),
      SubmissionId: 'order-1',
      Attempts: '4',
      Provider: 'mailgun',
      History: JSON.stringify([{ worker: 'w', number: 4, provider: 'mailgun', begun: 5, each: 'n', ended: 6 }]),
    };

    await world.send(sqsRecord(mail, { attributes, queue: 'retry-mailgun' }));

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-mailgun', delay: 900, attributes }]);
  });

  it('tries another provider first after a lost answer, and only after a wait', async () => {
    const world = givenWorld({ postmark: [lost], mailgun: [accepted] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    expect(world.calls).toEqual(['postmark']);

    world.now += 120_000;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark', 'mailgun']);
    expect(world.sent).toHaveLength(1);
  });

  it('dead-letters a message that must not be sent twice', async () => {
    const world = givenWorld({ postmark: [lost] });
    await world.send(sqsRecord({ ...mail, onUnknown: 'hold' }, { sentAt: world.now }));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);

    world.now += 120_000;
    await world.send(world.again());

    expect(world.sent.slice(1)).toMatchObject([
      { queue: 'dead', attributes: { Reason: 'Unknown', LastProvider: 'postmark' } },
    ]);
  });

  it('declares a message bad after two refusals', async () => {
    const world = givenWorld({ postmark: [bad], mailgun: [bad] });

    await world.send(sqsRecord(mail));

    expect(world.sent).toMatchObject([
      {
        queue: 'dead',
        attributes: { Reason: 'Refused', Attempts: '2', SubmissionId: 'order-1', LastProvider: 'mailgun' },
      },
    ]);
  });

  it('logs the text of a refusal if another provider accepts the message in a later round', async () => {
    const words = 'a field is not supported';
    const world = givenWorld({
      postmark: [{ ...bad, status: '422/402', detail: words }, down],
      mailgun: [down, accepted],
    });

    await world.send(sqsRecord(mail));
    world.now += 120_000;
    await world.send(world.again());

    const line = world.lines.find((one) => one.includes('"contradiction"'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      provider: 'postmark',
      acceptedBy: 'mailgun',
      status: '422/402',
      words,
    });
  });

  it('counts a contradiction if a provider accepts a message that another provider refused', async () => {
    const world = givenWorld({ postmark: [bad], mailgun: [accepted] });

    await world.send(sqsRecord(mail));

    expect(world.counted).toContain('Contradictions postmark');
    expect(world.sent).toEqual([]);
  });

  it('retries instead of declaring a message bad while one of two providers is down', async () => {
    const world = givenWorld({ postmark: [bad], mailgun: [down] });

    await world.send(sqsRecord(mail));

    expect(world.sent).toMatchObject([
      { queue: 'retry-postmark', attributes: { History: expect.stringMatching(/"postmark".*"each":"r".*"each":"n"/) } },
    ]);
  });

  it('reports a suppressed recipient and never sends the mail for this address to another provider', async () => {
    const world = givenWorld({ postmark: [inactive] });

    await world.send(sqsRecord(mail));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toHaveLength(1);
    expect(JSON.parse(world.sent[0]?.body ?? '')).toMatchObject({
      version: 1,
      type: 'suppressed',
      provider: 'postmark',
      recipient: 'b@example.org',
      submissionId: 'order-1',
      reason: 'inactive-recipient',
    });
  });

  it('sends no mail twice if the event of a suppressed recipient cannot be sent', async () => {
    const world = givenWorld({
      postmark: [{ outcome: accepted, recipients: new Map([['c@example.org', inactive]]) }],
    });
    world.queueDown = (queue) => queue === 'events';

    await world.send(sqsRecord({ ...mail, cc: ['c@example.org'] }));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark', attributes: { Done: '0' } }]);
    world.queueDown = () => false;
    world.now += 60_000;
    await world.send(world.again());

    // This round sends the event, and calls no provider for the recipient again.
    expect(world.calls).toEqual(['postmark']);
    expect(JSON.parse(world.sent.at(-1)?.body ?? '')).toMatchObject({ recipient: 'c@example.org', attempt: 1 });
    expect(world.entry()?.state).toBe('done');
  });

  describe('lists recipients that only one provider has refused as inactive', () => {
    const listed = ({ table }: ReturnType<typeof givenWorld>) =>
      [...table.items].flatMap(([pk, item]) => (pk.startsWith('ended/postmark/') ? readEnded(item) : []));

    it('once, although their event is sent in a later round', async () => {
      const world = givenWorld({ postmark: [inactive] });
      world.queueDown = (queue) => queue === 'events';

      await world.send(sqsRecord(mail));
      world.queueDown = () => false;
      // Two hours pass.
      world.now += 7_200_000;
      await world.send(world.again());

      expect(world.sent.at(-1)?.queue).toBe('events');
      expect(listed(world)).toMatchObject([{ address: 'b@example.org', submissionId: 'order-1' }]);
    });

    it('all recipients of a mail, while other workers write the same list', async () => {
      const to = (id: string) => Array.from({ length: 14 }, (_, place) => `b@b${place}.${id}.example.org`);
      const mails = ['order-1', 'order-2', 'order-3'];
      const world = givenWorld({ postmark: mails.map(() => inactive) });

      await Promise.all(mails.map((id) => world.send(sqsRecord({ ...mail, id, to: to(id) }, { messageId: id }))));

      expect(listed(world)).toHaveLength(mails.length * 14);
    });

    it('even if the mail is dead-lettered and redriven for the other recipients', async () => {
      const world = givenWorld({
        postmark: [{ outcome: bad, recipients: new Map([['c@example.org', inactive]]) }, accepted],
        mailgun: [bad],
      });
      await world.send(sqsRecord({ ...mail, cc: ['c@example.org'] }));
      expect(world.sent.at(-1)?.queue).toBe('dead');
      await world.send(world.again());

      expect(listed(world)).toMatchObject([{ address: 'c@example.org' }]);
    });
  });

  it('sends a mail to the next provider only for the recipients that are left', async () => {
    const world = givenWorld({
      postmark: [{ outcome: accepted, recipients: new Map([['c@example.org', down]]) }],
      mailgun: [accepted],
    });

    await world.send(sqsRecord({ ...mail, cc: ['c@example.org'] }));

    expect(world.offered).toEqual([['b@example.org', 'c@example.org'], ['c@example.org']]);
  });

  it('counts the values of tag and metadata that a provider left out', async () => {
    const world = givenWorld({ postmark: [{ outcome: accepted, dropped: 2 }] });
    await world.send(sqsRecord(mail));
    expect(world.counted).toContain('MetadataDropped');
    expect(world.lines.join()).toContain('"metadata dropped"');
  });

  it('sends a redriven dead letter only to the recipients that are not done', async () => {
    const world = givenWorld({ postmark: [accepted] });
    const attributes = { Reason: 'Refused', SubmissionId: 'order-1', Attempts: '3', Done: '0' };

    await world.send(await world.redriven({ ...mail, cc: ['c@example.org'] }, attributes));

    expect(world.offered).toEqual([['c@example.org']]);
    expect(world.numbers).toEqual([1]);
  });

  describe('a class with a route', () => {
    const code = { ...mail, class: 'login-codes' };

    it('is sent by its route', async () => {
      const world = givenWorld({ postmark: [lost], mailgun: [down] });

      await world.send(sqsRecord(code, { sentAt: world.now }));

      expect(world.calls).toEqual(['mailgun', 'postmark']);
      expect(world.sent).toMatchObject([{ queue: 'retry-mailgun' }]);
    });

    it('has the `onUnknown` of its route for a lost answer', async () => {
      const world = givenWorld({ mailgun: [lost], postmark: [accepted] });

      await world.send(sqsRecord(code, { sentAt: world.now }));

      expect(world.calls).toEqual(['mailgun', 'postmark']);
      expect(world.sent).toEqual([]);
    });

    it('is not sent after its expiry, at the first receive or at a retry', async () => {
      const world = givenWorld({ mailgun: [down], postmark: [down] });
      await world.send(sqsRecord(code, { sentAt: world.now - 580_000 }));
      expect(world.calls).toEqual(['mailgun', 'postmark']);
      expect(world.sent).toMatchObject([{ queue: 'retry-mailgun' }]);

      world.now += 62_000;
      await world.send(sqsRecord(code, { attributes: world.sent[0]?.attributes ?? {}, sentAt: world.now }));

      expect(world.calls).toHaveLength(2);
      expect(world.sent.slice(1)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired' } }]);
      await world.send(sqsRecord({ ...code, id: 'order-2' }, { sentAt: world.now - 601_000 }));
      expect(world.calls).toHaveLength(2);
      expect(world.sent.slice(2)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired' } }]);
    });

    it('is not sent after its expiry when it is redriven, or at a retry after the redrive', async () => {
      const world = givenWorld({ mailgun: [down], postmark: [down] });
      const firstSeen = new Date(world.now - 500_000).toISOString();
      const attributes = { Reason: 'Refused', SubmissionId: 'order-1', Attempts: '2', FirstSeen: firstSeen };
      await world.send(await world.redriven(code, attributes));
      expect(world.sent).toMatchObject([
        { queue: 'retry-mailgun', attributes: { Life: `1 ${new Date(firstSeen).toISOString()}` } },
      ]);

      world.now += 101_000;
      await world.send(world.again());
      expect(world.sent[1]).toMatchObject({ queue: 'dead', attributes: { Reason: 'Expired', FirstSeen: firstSeen } });
      await world.send(world.again());

      expect(world.sent[2]).toMatchObject({ queue: 'dead', attributes: { Reason: 'Expired', FirstSeen: firstSeen } });
      expect(world.calls).toHaveLength(2);
    });
  });

  it('calls no provider if expiresAt passes while the attempt is recorded', async () => {
    const world = givenWorld({});
    const { write } = world.table;
    world.table.write = async (...given: Parameters<typeof write>) => {
      world.now += 3_000;
      return write(...given);
    };
    const expiresAt = new Date(world.now + 2_000).toISOString();

    await world.send(sqsRecord({ ...mail, expiresAt }, { sentAt: world.now }));

    world.now += 60_000;
    await world.send(world.again());

    expect(world.calls).toEqual([]);
    expect(world.sent.slice(1)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired' } }]);
  });

  it('begins no further attempt once expiresAt has passed', async () => {
    const world = givenWorld({
      get postmark() {
        world.now += 10_000;
        return [down];
      },
    });
    const expiresAt = new Date(world.now + 10_000).toISOString();

    await world.send(sqsRecord({ ...mail, expiresAt }, { sentAt: world.now }));
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
    world.now += 60_000;
    await world.send(world.again());

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent.slice(1)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired', Attempts: '1' } }]);
  });

  describe('a submission that supersedes another', () => {
    it('prefers a provider that accepted none of the earlier submissions in the chain', async () => {
      const world = givenWorld({ postmark: [accepted, accepted], mailgun: [accepted, accepted] });

      await world.send(sqsRecord(mail));
      await world.send(sqsRecord({ ...mail, id: 'order-2', supersedes: 'order-1' }));
      await world.send(sqsRecord({ ...mail, id: 'order-3', supersedes: 'order-2' }));
      await world.send(sqsRecord({ ...mail, id: 'order-4', supersedes: 'order-3' }));

      expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark', 'mailgun']);
      expect(world.entry('order-3')).toMatchObject({ acceptedBefore: ['postmark', 'mailgun'] });
    });

    it('uses the same provider if no other provider accepts the mail', async () => {
      const world = givenWorld({ postmark: [accepted, accepted], mailgun: [down] });

      await world.send(sqsRecord(mail));
      await world.send(sqsRecord({ ...mail, id: 'order-2', supersedes: 'order-1' }));

      expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
    });

    it('uses the normal order if nothing is known of the earlier submission', async () => {
      const world = givenWorld({ postmark: [accepted, accepted] });
      const get = world.table.get;

      await world.send(sqsRecord({ ...mail, supersedes: 'order-0' }));
      world.table.get = (pk) => (pk.endsWith('order-1') ? Promise.reject(new Error('throttled')) : get(pk));
      await world.send(sqsRecord({ ...mail, id: 'order-2', supersedes: 'order-1' }));

      expect(world.calls).toEqual(['postmark', 'postmark']);
    });

    it('causes no read of the table without `supersedes`', async () => {
      const world = givenWorld({ postmark: [accepted] });
      let reads = 0;
      const get = world.table.get;
      world.table.get = (pk) => {
        reads += 1;
        return get(pk);
      };

      await world.send(sqsRecord(mail));

      expect(reads).toBe(0);
    });
  });

  it('does not send a redriven dead letter whose `expiresAt` has passed', async () => {
    const world = givenWorld({});
    const attributes = { Reason: 'Refused', SubmissionId: 'order-1', Attempts: '3' };

    await world.send(await world.redriven({ ...mail, expiresAt: '2026-11-24T11:59:59Z' }, attributes));

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Expired' } }]);
  });

  it('begins no attempt if the invocation has too little time left', async () => {
    const world = givenWorld({ postmark: [accepted] });

    await world.send(sqsRecord(mail), () => 14_000);

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });

  it.each([
    ['broken JSON', '{', 'Malformed'],
    ['no recipient', { ...mail, to: [] }, 'Malformed'],
    ['a provider that is not configured', { ...mail, providers: { only: ['sendgrid'] } }, 'Malformed'],
    ['what leaves a strict route', { ...mail, class: 'payslips', providers: { only: ['postmark'] } }, 'Malformed'],
    ['an expiry in the past', { ...mail, expiresAt: '2020-01-01T00:00:00Z' }, 'Expired'],
    [
      'an object that is not there',
      {
        ...mail,
        attachments: [
          { filename: 'a.pdf', contentType: 'application/pdf', s3: { bucket: 'mail', key: 'submissions/none' } },
        ],
      },
      'MissingObject',
    ],
    ['a pointer to nothing', { version: 1, s3: { bucket: 'mail', key: 'submissions/none' } }, 'MissingObject'],
  ])('sends %s to the dead-letter queue with the same body, and calls no provider', async (_, body, reason) => {
    const world = givenWorld({});
    const record = sqsRecord(body);

    await world.send(record);

    expect(world.calls).toEqual([]);
    expect(world.sent).toMatchObject([{ queue: 'dead', body: record.body, attributes: { Reason: reason } }]);
    expect(world.sent[0]?.attributes['Detail']).not.toContain('@');
  });

  it('leaves a newer version on the queue until its last receive', async () => {
    const world = givenWorld({});
    const body = { ...mail, version: 2 };

    await expect(world.send(sqsRecord(body, { receiveCount: 4 }))).rejects.toThrow('newer');
    expect(world.sent).toEqual([]);

    await world.send(sqsRecord(body, { receiveCount: 5 }));
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Malformed', SubmissionId: mail.id } }]);
  });

  it.each<[string, string | object, string?]>([
    ['a bad field', { ...mail, to: ['nobody'] }, 'order-1'],
    ['a bad field before the id', '{"version":1,"to":[1],"id":"a\\/b"}', 'a/b'],
    ['a name that occurs twice', '{"subject":"a","subject":"b","id":"order-1"}', 'order-1'],
    ['an id that occurs twice', '{"id":"order-1","id":"order-2"}'],
    ['an id within a field', '{"version":1,"metadata":{"id":"order-1"}}'],
    ['an id that is not valid', { ...mail, id: 'a b' }],
    ['an id of half a megabyte', { ...mail, id: 'x'.repeat(500_000) }],
    ['a body that is not JSON', '{"id":"order-1"', 'order-1'],
    ['a body that ends within the id', '{"id":"order-1'],
  ])('uses the id in the body if the id is valid, also with %s', async (_, body, id) => {
    const world = givenWorld({});

    const record = sqsRecord(body);
    await world.send(record);

    const attributes = { Reason: 'Malformed', SubmissionId: id ?? record.messageId };
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes }]);
  });

  it('lets a mail wait while the bucket fails, and loses no mail', async () => {
    const world = givenWorld({}, { objects: { read: () => Promise.reject(new Error('503')) } });

    await world.send(sqsRecord({ version: 1, s3: { bucket: 'mail', key: 'submissions/whole' } }));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });

  it('reads a submission from S3 if the message is a pointer to it', async () => {
    const world = givenWorld(
      { postmark: [accepted] },
      { objects: { read: () => Promise.resolve(Buffer.from(JSON.stringify(mail))) } },
    );

    await world.send(sqsRecord({ version: 1, s3: { bucket: 'mail', key: 'submissions/whole' } }));

    expect(world.calls).toEqual(['postmark']);
  });

  it('sends no message to a queue once the time of its invocation is over', async () => {
    const world = givenWorld({ postmark: [down] });

    await expect(world.send(sqsRecord(mail), () => (world.calls.length > 0 ? 0 : 60_000))).rejects.toThrow('over');

    expect(world.sent).toEqual([]);
  });

  it('keeps the message on its queue if the next queue does not accept the message', async () => {
    const world = givenWorld({ postmark: [down], mailgun: [down] });
    world.queueDown = () => true;

    await expect(world.send(sqsRecord(mail))).rejects.toThrow('queue down');
  });
});
