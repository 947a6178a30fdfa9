import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEAD_LETTER_ATTRIBUTE,
  DEAD_LETTER_REASONS,
  PROOF_ATTRIBUTE,
  PROVEN_ATTRIBUTES,
  RETRY_ATTRIBUTE,
} from '../../../lambda/contract/dead-letter.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { queueProofs } from '../../../lambda/platform/proof.ts';
import { UnusableSecret } from '../../../lambda/platform/secrets.ts';
import { deadLetterAttributes, retryAttributes } from '../../../lambda/submission/retry-attributes.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const { id, ...nameless } = {
  version: 1,
  id: 'order-1',
  from: 'a@example.com',
  to: ['b@example.org'],
  cc: ['c@example.org'],
  subject: 'hi',
  text: 'hello',
};
const mail = { ...nameless, id };
const NOT_COUNTED = { add: () => undefined };
const accepted: Outcome = { kind: 'accepted', providerMessageId: '1' };
const bad: Outcome = { kind: 'refused', blames: 'message', reason: 'format' };
const down: Outcome = { kind: 'unavailable', blames: 'outage', reason: 'server-error' };

/** Message attributes with which a producer could imitate Mailover's own messages. */
const FORGED: Record<string, string> = {
  SubmissionId: 'x\r\nBcc: everybody@example.net',
  FirstSeen: '2020-01-01T00:00:00Z',
  Life: '1 2020-01-01T00:00:00Z',
  NotBefore: '2100-01-01T00:00:00Z',
  Attempts: '999999',
  Provider: 'mailgun',
  Worker: 'w s',
  Done: '0,1',
  History: '[{"provider":"postmark","kind":"refused"}]',
  Reason: 'Unknown',
  Detail: 'x',
  LastProvider: 'x',
  Proof: 'A'.repeat(43),
};

describe('attributes on the outbound queue', () => {
  it('change nothing, separately or together, with an id in the body or without one', async () => {
    const sets = [
      ...Object.entries(FORGED).map(([name, value]) => ({ [name]: value })),
      FORGED,
      Object.fromEntries(Object.entries(FORGED).filter(([name]) => name !== 'Proof' && name !== 'Reason')),
    ];
    for (const attributes of sets)
      for (const body of [mail, nameless]) {
        const world = givenWorld({ postmark: [down], mailgun: [down] });
        await world.send(sqsRecord(body, { attributes, sentAt: world.now, messageId: 'message-1' }));

        const submissionId = body === mail ? 'order-1' : 'message-1';
        expect(world.offered).toEqual(Array(2).fill(['b@example.org', 'c@example.org']));
        expect(world.numbers).toEqual([1, 2]);
        expect(world.sent).toMatchObject([
          {
            queue: 'retry-postmark',
            attributes: { SubmissionId: submissionId, Attempts: '2', FirstSeen: new Date(world.now).toISOString() },
          },
        ]);
        expect(world.sent[0]?.attributes).not.toMatchObject({ Life: expect.stringContaining('2020') });
        expect(world.entry(submissionId)).toMatchObject({ firstSeen: world.now });
      }
  });

  it('of a message whose id has a record do not change the record: the mail is sent once', async () => {
    const world = givenWorld({ postmark: [accepted] });
    await world.send(sqsRecord(mail));

    await world.send(sqsRecord(mail, { attributes: { Reason: 'Refused', SubmissionId: 'order-2', Done: '' } }));
    await world.send(sqsRecord(mail, { attributes: { NotBefore: '2020-01-01T00:00:00Z', SubmissionId: 'order-3' } }));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('are used on a retry queue, to which only Mailover can send, and the id there must still be valid', async () => {
    const world = givenWorld({ postmark: [down], mailgun: [down] });
    const seen = new Date(world.now).toISOString();
    const attributes = { SubmissionId: FORGED['SubmissionId'] ?? '', FirstSeen: seen, NotBefore: seen, Done: '0' };
    await world.send(sqsRecord(nameless, { attributes, queue: 'retry-of-one-that-left', messageId: 'm-1' }));

    expect(world.offered[0]).toEqual(['c@example.org']);
    expect(world.sent[0]?.attributes).toMatchObject({ SubmissionId: 'm-1' });
  });
});

describe('a redrive', () => {
  it.each(DEAD_LETTER_REASONS)(
    'of a message that was %s is recognised by its proof (signature) on the outbound queue',
    async (Reason) => {
      const world = givenWorld({ postmark: [accepted] });
      const letter = { Reason, Detail: 'x', SubmissionId: 'of-old', Attempts: '2', FirstSeen: '2026-11-24T11:00:00Z' };

      // The body has no id. Only the message attributes contain the id of the submission.
      await world.send(await world.redriven(nameless, { ...letter, Done: '0' }));

      expect(world.offered).toEqual([['c@example.org']]);
      expect(world.entry('of-old')).toMatchObject({ state: 'done' });
    },
  );

  it('of a message that SQS moved from a retry queue continues the same submission on the outbound queue', async () => {
    const world = givenWorld({ postmark: [down, accepted], mailgun: [down] });
    await world.send(sqsRecord(nameless, { sentAt: world.now, messageId: 'm-1' }));
    const { body, attributes } = world.sent[0] as (typeof world.sent)[number];

    world.now += 60_000;
    await world.send(sqsRecord(body, { attributes, sentAt: world.now, messageId: 'm-2' }));

    expect(world.numbers).toEqual([1, 2, 3]);
    expect(world.entry('m-1')).toMatchObject({ state: 'done' });
  });

  it('of a message that SQS moved from a retry queue tries the mail again, although a copy was dead-lettered', async () => {
    const world = givenWorld({ postmark: [bad, accepted], mailgun: [bad] });
    await world.send(sqsRecord(nameless, { sentAt: world.now, messageId: 'm-1' }));
    expect(world.sent).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Refused' } }]);
    const seen = new Date(world.now - 5 * 86_400_000).toISOString();
    const moved = { SubmissionId: 'm-1', FirstSeen: seen, NotBefore: seen, Attempts: '2', Life: '9', Worker: 'w w' };

    await world.send(await world.redriven(nameless, moved));

    expect(world.entry('m-1')).toMatchObject({ state: 'done' });
    expect(world.calls).toEqual(['postmark', 'mailgun', 'postmark']);
  });

  it('is recognised after the key was rotated, and a further dead letter gets a proof with the new key', async () => {
    const world = givenWorld({ postmark: [bad, bad, accepted], mailgun: [bad, bad] });
    await world.send(sqsRecord(nameless, { sentAt: world.now, messageId: 'm-1' }));

    world.proofKey = { key: 'of-tomorrow', previousKey: 'of-today' };
    await world.send(world.again());
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { SubmissionId: 'm-1', Attempts: '4' } });
    world.proofKey = { key: 'of-tomorrow' };
    await world.send(world.again());

    expect(world.numbers).toEqual([1, 2, 3, 4, 5]);
    expect(world.entry('m-1')).toMatchObject({ state: 'done' });
  });

  it('without a valid proof is dead-lettered again with a valid proof, if the mail must not be sent twice', async () => {
    const lost: Outcome = { kind: 'unknown', reason: 'no-answer' };
    const world = givenWorld({ postmark: [lost, accepted] });
    await world.send(
      sqsRecord({ ...mail, onUnknown: 'hold', providers: { only: ['postmark'] } }, { sentAt: world.now }),
    );
    for (let round = 0; round < 20 && world.sent.at(-1)?.queue !== 'dead'; round++) {
      world.now += 3_600_000;
      await world.send(world.again());
    }
    expect(world.sent.at(-1)).toMatchObject({ queue: 'dead', attributes: { Reason: 'Unknown' } });

    world.proofKey = { key: 'of-next-year' };
    const letters = world.sent.length;
    await world.send(world.again());
    expect(world.sent.slice(letters)).toMatchObject([{ queue: 'dead', attributes: { Reason: 'Unknown' } }]);
    expect(world.calls).toEqual(['postmark']);

    await world.send(world.again());
    expect(world.calls).toEqual(['postmark', 'postmark']);
    expect(world.entry()).toMatchObject({ state: 'done' });
  });

  it.each([{}, { key: '' }])(
    'stays on its queue while the key is unusable, and no recipient gets the mail twice: %j',
    async (secret) => {
      const world = givenWorld({ postmark: [accepted] });
      const redrive = await world.redriven(nameless, { Reason: 'Refused', SubmissionId: 'of-old', Done: '0' });
      world.proofKey = secret;
      await expect(world.send(redrive)).rejects.toThrow(UnusableSecret);
      expect(world.calls).toEqual([]);

      world.proofKey = { key: 'of-today' };
      await world.send(redrive);
      expect(world.offered).toEqual([['c@example.org']]);
    },
  );

  it('stays on its queue while the key cannot be read; other mail continues, and messages are sent without a proof', async () => {
    const world = givenWorld({ postmark: [bad, down, accepted], mailgun: [bad, down] });
    await world.send(sqsRecord(mail, { sentAt: world.now }));
    const redrive = world.again();
    world.proofKey = undefined;

    await expect(world.send(redrive)).rejects.toThrow('no secret');
    await world.send(sqsRecord({ ...mail, id: 'order-2' }, { sentAt: world.now }));
    expect(world.sent.at(-1)).toMatchObject({ queue: 'retry-postmark' });
    expect(world.sent.at(-1)?.attributes).not.toHaveProperty('Proof');
    world.now += 60_000;
    await world.send(world.again());

    expect(world.entry('order-2')).toMatchObject({ state: 'done' });
  });
});

describe('the proof of a message', () => {
  const clock = manualClock(0);
  const given = (secret: () => Record<string, string>) => {
    const reads: boolean[] = [];
    const read = async (_name: string, fresh = false) => {
      reads.push(fresh);
      return secret();
    };
    const counted: string[] = [];
    const proofs = queueProofs('proof-key', { read }, clock, { add: (name) => counted.push(name) });
    return { proofs, reads, counted };
  };

  it('becomes invalid if the body or a trusted attribute changes', async () => {
    const { proofs } = given(() => ({ key: 'k', previousKey: 'before' }));
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    const attributes = fc.dictionary(fc.constantFrom(...PROVEN_ATTRIBUTES), text);
    await fc.assert(
      fc.asyncProperty(
        text,
        attributes,
        text,
        fc.constantFrom('body', ...PROVEN_ATTRIBUTES),
        async (body, all, other, what) => {
          const letter = await proofs.prove(body, all);
          expect(await proofs.holds(body, { ...letter, Detail: other, AWSTraceHeader: other })).toBe(true);
          if (what === 'body') expect(await proofs.holds(other, letter)).toBe(other === body);
          else {
            expect(await proofs.holds(body, { ...letter, [what]: other })).toBe(other === all[what]);
            const { [what]: _, ...without } = letter;
            expect(await proofs.holds(body, without)).toBe(all[what] === undefined);
          }
        },
      ),
    );
  });

  it.each(['', 'x', 'A'.repeat(43), 'A'.repeat(10_000), '\u0000', 'é'.repeat(43)])('is never %j', async (Proof) => {
    const { proofs } = given(() => ({ key: 'k' }));
    expect(await proofs.holds('body', { Reason: 'Refused', Proof })).toBe(false);
  });

  it.each([
    ['without a key', {}],
    ['with an empty key', { key: '', previousKey: 'before' }],
    ['that is missing', new UnusableSecret('missing')],
    ['that is forbidden', new UnusableSecret('forbidden')],
    ['that is no JSON object', new UnusableSecret('malformed')],
  ])('cannot be made or checked with a secret %s, and each failure is counted', async (_, secret) => {
    const { proofs, counted } = given(() => {
      if (secret instanceof Error) throw secret;
      return secret as Record<string, string>;
    });
    expect(await proofs.prove('body', { Reason: 'Refused' })).toEqual({ Reason: 'Refused' });
    await expect(proofs.holds('body', { Reason: 'Refused', Proof: 'A'.repeat(43) })).rejects.toThrow(UnusableSecret);
    expect(counted).toEqual(['ProofKeyUnusable', 'ProofKeyUnusable']);
  });

  it('is not counted as missing while Secrets Manager does not answer: another metric counts this failure', async () => {
    const { proofs, counted } = given(() => {
      throw new Error('no answer');
    });
    await proofs.prove('body', {});
    expect(counted).toEqual([]);
  });

  it('with a key that this process has not read yet causes one read of the key in 30 seconds, even if 1,000 proofs are forged', async () => {
    let key = 'old';
    const { proofs, reads } = given(() => ({ key }));
    const old = await proofs.prove('body', { Reason: 'Refused' });
    key = 'new';
    for (let forged = 0; forged < 1_000; forged++) await proofs.holds('body', { ...old, Done: String(forged) });
    expect(reads.filter(Boolean)).toHaveLength(1);
    await clock.pass(30_000);
    await proofs.holds('body', old);
    expect(reads.filter(Boolean)).toHaveLength(2);
  });

  it('is left out if the key cannot be read within 1.5 seconds', async () => {
    const proofs = queueProofs('proof-key', { read: () => new Promise(() => {}) }, clock, NOT_COUNTED);
    const letter = proofs.prove('body', { Reason: 'Refused' });
    await clock.pass(1_500);
    expect(await letter).toEqual({ Reason: 'Refused' });
  });
});

describe('messages that Mailover sends to a queue', () => {
  const letter = {
    submissionId: 'order-1',
    firstSeen: 2,
    born: 1,
    notBefore: 3,
    worker: 'worker',
    signature: 'signature',
    provider: 'postmark',
    invocations: 3,
    log: {
      attempts: [
        { worker: 'w', number: 9, provider: 'postmark', account: { type: 'postmark' as const }, begun: 1, each: '?' },
      ],
      done: [0],
      redrives: 0,
    },
  };

  it('have at most ten attributes, even if every possible field is set', async () => {
    const proofs = queueProofs('proof-key', { read: async () => ({ key: 'k' }) }, manualClock(0), NOT_COUNTED);
    const retry = await proofs.prove('body', retryAttributes(letter, 'postmark', 3));
    const dead = await proofs.prove('body', deadLetterAttributes(letter, 'Refused', 'why', 'postmark'));

    expect(Object.keys(retry).toSorted()).toEqual(
      [...Object.values(RETRY_ATTRIBUTE), ...Object.values(PROOF_ATTRIBUTE)].toSorted(),
    );
    expect(Object.keys(dead).toSorted()).toEqual(
      [...Object.values(DEAD_LETTER_ATTRIBUTE), RETRY_ATTRIBUTE.done, PROOF_ATTRIBUTE.proof].toSorted(),
    );
    for (const attributes of [retry, dead]) expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
  });
});
