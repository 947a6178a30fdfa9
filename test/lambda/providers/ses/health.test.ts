import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/ses/send.ts';
import { type Answer, closedUrl, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';

const HANG: Answer = () => {};
const JSON_TYPE = { 'content-type': 'application/json' };
const GOOD = {
  EnforcementStatus: 'HEALTHY',
  ProductionAccessEnabled: true,
  SendingEnabled: true,
  SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 12_500 },
};

const server = givenServer();
const before = { ...process.env };

beforeAll(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
});

afterAll(() => {
  process.env = before;
});

describe('the health of an SES account', () => {
  it('is healthy, and reports what is left of the quota', async () => {
    expect(await ask(account({}))).toEqual({
      state: 'healthy',
      quotaHeadroom: 0.75,
      capacityPerDay: 50_000,
      underReview: false,
    });

    const request = server.received.at(-1);
    expect(`${request?.method} ${request?.url}`).toBe('GET /v2/email/account');
    expect(request?.headers.authorization).toContain('/eu-west-1/ses/');
  });

  it.each([
    ['paused by AWS', { EnforcementStatus: 'SHUTDOWN', SendingEnabled: false }, 'account-suspended'],
    ['paused by its owner', { SendingEnabled: false }, 'sending-paused'],
    ['in the sandbox', { ProductionAccessEnabled: false }, 'sandbox'],
    ['out of quota', { SendQuota: { Max24HourSend: 200, SentLast24Hours: 200 } }, 'daily-quota'],
    ['beyond its quota', { SendQuota: { Max24HourSend: 200, SentLast24Hours: 300 } }, 'daily-quota'],
    ['without any quota', { SendQuota: { Max24HourSend: 0, SentLast24Hours: 0 } }, 'daily-quota'],
  ])('is refused when it is %s', async (_, change, reason) => {
    expect(await ask(account(change))).toMatchObject({ state: 'account-refused', reason });
  });

  it('is healthy while AWS reviews it, with a warning', async () => {
    expect(await ask(account({ EnforcementStatus: 'PROBATION' }))).toMatchObject({
      state: 'healthy',
      reason: 'under-review',
      underReview: true,
    });
    expect(await ask(account({ EnforcementStatus: 'HEALTHY' }))).toMatchObject({ underReview: false });
  });

  it('is healthy with a quota that is unlimited or not reported', async () => {
    expect(await ask(account({ SendQuota: { Max24HourSend: -1, SentLast24Hours: 9 } }))).toEqual({
      state: 'healthy',
      quotaHeadroom: 1,
      capacityPerDay: Number.POSITIVE_INFINITY,
      underReview: false,
    });
    expect(await ask(account({ SendQuota: undefined }))).toEqual({ state: 'healthy', underReview: false });
  });

  it.each([
    [400, 'AccountSuspendedException', 'account-suspended'],
    [400, 'SendingPausedException', 'sending-paused'],
    [403, 'OptInRequired', 'not-subscribed'],
    [403, 'AccessDeniedException', 'access-denied'],
  ])('is refused after %d %s', async (status, type, reason) => {
    expect(await ask(failure(status, type))).toMatchObject({ state: 'account-refused', reason });
  });

  it.each<[string, Answer, string]>([
    ['an outage', failure(500, 'InternalServiceErrorException'), 'server-error'],
    ['credentials of this process', failure(403, 'ExpiredTokenException'), 'credentials-refused'],
    ['throttling', failure(429, 'TooManyRequestsException'), 'rate-limit'],
    ['a page of HTML', verbatim(200, {}, '<html>'), 'unreadable-answer'],
    ['a body that is null', verbatim(200, JSON_TYPE, 'null'), 'unreadable-answer'],
    ['no account', verbatim(200, JSON_TYPE, '{}'), 'unreadable-answer'],
    ['a hang', HANG, 'no-answer'],
    ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
  ])('is unknown after %s', async (_, given, reason) => {
    expect(await ask(given)).toMatchObject({ state: 'unreachable', reason });
  });

  it('is unknown with a closed port', async () => {
    expect(await ask(account({}), await closedUrl())).toMatchObject({
      state: 'unreachable',
      reason: 'connection-refused',
    });
  });
});

async function ask(given: Answer, endpoint = server.url) {
  server.answer = given;
  const ses = create({ key: 'ses', options: { identities: ['example.com'] }, secret: {}, endpoint });
  // The first call loads the SDK, which takes seconds on a busy machine.
  const health = await ses.health?.({ deadlineMs: given === HANG ? 1_000 : 10_000, connectMs: 1_000 });
  ses.close?.();
  return health;
}

function account(change: object): Answer {
  return verbatim(200, JSON_TYPE, JSON.stringify({ ...GOOD, ...change }));
}

function failure(status: number, type: string): Answer {
  return verbatim(status, { ...JSON_TYPE, 'x-amzn-errortype': type }, '{"message":"x"}');
}
