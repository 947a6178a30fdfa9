import { describe, expect, it } from 'vitest';
import { canarySubmission } from '../../lambda/canary/canary.ts';
import type { Outcome } from '../../lambda/mail/outcome.ts';
import { givenWorld } from '../support/sender-world.ts';
import { sqsRecord } from '../support/sqs-record.ts';

const canary = (slot: number) =>
  canarySubmission(
    { key: 'postmark', type: 'postmark', options: {}, canary: { to: 'canary@in.example.com', everyMinutes: 30 } },
    slot,
    30 * 60_000,
  ) as object;

/** Long after any time that a test begins at. */
/** A slot of half an hour that is yet to come. */
const NEXT = Math.ceil(Date.parse('2026-11-24T12:00:00Z') / (30 * 60_000));

describe('a canary', () => {
  it('goes over its own provider only', async () => {
    const world = givenWorld({ postmark: [{ kind: 'accepted', providerMessageId: '1' }] });

    await world.send(sqsRecord(canary(NEXT)));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it.each<Outcome>([
    { kind: 'unavailable', blames: 'account', reason: 'account-suspended' },
    { kind: 'throttled', of: 'provider', reason: 'rate-limit' },
    { kind: 'unknown', reason: 'no-answer' },
    { kind: 'refused', blames: 'message', reason: 'content' },
  ])('that is $kind goes nowhere: neither is it tried again nor kept as a dead letter', async (outcome) => {
    const world = givenWorld({ postmark: [outcome] });

    await world.send(sqsRecord(canary(NEXT)));

    expect(world.calls).toEqual(['postmark']);
    expect(world.sent).toEqual([]);
  });

  it('that is late goes nowhere', async () => {
    const world = givenWorld({});

    await world.send(sqsRecord(canary(1)));

    expect(world.calls).toEqual([]);
    expect(world.sent).toEqual([]);
  });

  it('is none if its id names a provider that does not exist: that mail is kept as any other', async () => {
    const world = givenWorld({ postmark: [{ kind: 'throttled', of: 'provider', reason: 'rate-limit' }] });

    await world.send(sqsRecord({ ...canary(NEXT), id: 'mailover-canary:nobody:1' }));

    expect(world.sent).toMatchObject([{ queue: 'retry-postmark' }]);
  });
});
