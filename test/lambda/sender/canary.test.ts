import { describe, expect, it } from 'vitest';
import { type Canaries, canaryId, canarySubmission } from '../../../lambda/canary/canary.ts';
import type { Gate } from '../../../lambda/circuit/admission.ts';
import type { Outcome } from '../../../lambda/mail/outcome.ts';
import { openGate } from '../../support/open-gate.ts';
import { givenWorld } from '../../support/sender-world.ts';
import { sqsRecord } from '../../support/sqs-record.ts';

const OUT: Canaries = {
  way: 'out',
  provider: 'postmark',
  config: { to: 'canary@in.example.com', everyMinutes: 30 },
  class: 'payslips',
};
/** A time later than the start of each test. */
const LATER = Date.parse('2026-11-24T13:00:00Z');
const canary = (expiresAt = LATER) => canarySubmission(OUT, 'token', expiresAt);
const SubmissionId = canaryId(OUT, 7);

const FAILURES: Outcome[] = [
  { kind: 'unavailable', blames: 'account', reason: 'account-suspended' },
  { kind: 'throttled', of: 'provider', reason: 'rate-limit' },
  { kind: 'unknown', reason: 'no-answer' },
  { kind: 'refused', blames: 'message', reason: 'content' },
];

describe('a canary', () => {
  it('is sent through its own provider only and keeps its id, whatever the route of its class is', async () => {
    const world = givenWorld({ postmark: [{ kind: 'accepted', providerMessageId: '1' }] });

    await world.send(await world.redriven(canary(), { SubmissionId }));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
    expect(world.entry(SubmissionId)).toMatchObject({ state: 'done' });
  });

  it.each(FAILURES)('is dropped if the outcome is $kind: it is not retried and not dead-lettered', async (outcome) => {
    const world = givenWorld({ postmark: [outcome] });

    await world.send(await world.redriven(canary(), { SubmissionId }));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('gets a slot of the rate limit like urgent mail, since it is never retried', async () => {
    const queueKinds: string[] = [];
    const enter: Gate['enter'] = (provider, request) => {
      queueKinds.push(request.queueKind);
      return openGate.enter(provider, request);
    };
    const world = givenWorld(
      { postmark: [{ kind: 'accepted', providerMessageId: '1' }] },
      { gate: { ...openGate, enter } },
    );

    await world.send(await world.redriven(canary(world.now + 4 * 3_600_000), { SubmissionId }));

    expect(queueKinds).toEqual(['urgent']);
  });

  it('is dropped if it is late', async () => {
    const world = givenWorld({});

    await world.send(await world.redriven(canary(1), { SubmissionId }));

    expect(world.calls).toEqual([]);
    expect(world.sent).toEqual([]);
  });
});

describe("a producer's mail", () => {
  it.each(FAILURES)(
    'is retried or dead-lettered if the outcome is $kind, although it claims to be a canary',
    async (outcome) => {
      const body = { ...canary(), class: 'x' };
      for (const attributes of [{ SubmissionId }, { SubmissionId, Proof: 'A'.repeat(43) }]) {
        const world = givenWorld({ postmark: [outcome, outcome, outcome] });
        await world.send(sqsRecord(body, { attributes, sentAt: world.now }));

        expect(world.sent.map(({ queue }) => queue)).toMatchObject([expect.stringMatching(/^(retry-postmark|dead)$/)]);
      }
    },
  );

  it('is dead-lettered as malformed if its id has the prefix of canaries', async () => {
    for (const id of [SubmissionId, 'mailover-canary:postmark:1', 'mailover-canary:nobody:x']) {
      const world = givenWorld({});
      await world.send(sqsRecord({ ...canary(), id }, { messageId: 'message-1' }));

      expect(world.calls).toEqual([]);
      expect(world.sent).toMatchObject([
        { queue: 'dead', attributes: { Reason: 'Malformed', SubmissionId: 'message-1' } },
      ]);
    }
  });
});
