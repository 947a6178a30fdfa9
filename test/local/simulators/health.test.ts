import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { create as createMailgun } from '../../../lambda/providers/mailgun/send.ts';
import { create as createPostmark } from '../../../lambda/providers/postmark/send.ts';
import type { Health } from '../../../lambda/providers/provider.ts';
import { create as createSendgrid } from '../../../lambda/providers/sendgrid/send.ts';
import { create as createSes } from '../../../lambda/providers/ses/send.ts';
import { create as createSmtp } from '../../../lambda/providers/smtp/send.ts';
import { attemptOf } from '../../lambda/providers/attempt.ts';
import { SECRETS, simulators } from './simulators.ts';

type Key = 'pm' | 'mg' | 'sg' | 'ses' | 'mta-plain';

let stack: Awaited<ReturnType<typeof simulators>>;
const before = { ...process.env };

beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' });
  stack = await simulators();
});
afterEach(() => Promise.all(KEYS.map((key) => stack.faults.clear(key))));
afterAll(async () => {
  process.env = before;
  await stack.close();
});

const KEYS: readonly Key[] = ['pm', 'mg', 'sg', 'ses', 'mta-plain'];

/** For each vendor, the answer to sends and to health checks if the account is closed. */
const SUSPENDED: Readonly<Record<Key, object>> = {
  pm: { respond: { status: 422, body: '{"ErrorCode":413,"Message":"Account may not send."}' } },
  mg: {
    respond: { status: 403, body: '{"message":"Domain mg.example.com is not allowed to send: Account disabled"}' },
  },
  sg: { respond: { status: 401, body: '{"errors":[{"message":"Maximum credits exceeded"}]}' } },
  ses: { respond: { status: 400, headers: { 'x-amzn-errortype': 'AccountSuspendedException' }, body: '{}' } },
  'mta-plain': { smtp: { stage: 'auth', reply: '535 5.7.8 account closed' } },
};

describe.each(KEYS)('the simulated account of %s', (key) => {
  it('is healthy', async () => {
    expect(await health(key)).toMatchObject({ state: 'healthy' });
  });

  it('refuses mail and health checks when it is suspended for all', async () => {
    await stack.fault(key, { ...SUSPENDED[key], on: 'all' });

    expect(await health(key)).toMatchObject({ state: 'account-refused' });
    expect(await outcome(key)).toMatchObject({ kind: 'unavailable', blames: 'account' });
  });

  it('refuses health checks only', async () => {
    await stack.fault(key, { ...SUSPENDED[key], on: 'health' });

    expect(await health(key)).toMatchObject({ state: 'account-refused' });
    expect(await outcome(key)).toMatchObject({ kind: 'accepted' });
  });

  it('refuses mail only, and a health check hits no fault of sends', async () => {
    await stack.fault(key, { ...SUSPENDED[key], times: 1 });

    expect(await health(key)).toMatchObject({ state: 'healthy' });
    expect(stack.hits(key)).toEqual([0]);
    expect(await outcome(key)).toMatchObject({ blames: 'account' });
    expect(stack.hits(key)).toEqual([1]);
  });

  it.each(['hang', 'reset', 'reset-after-accept', 'refuse'] as const)('is unknown after %s', async (network) => {
    await stack.fault(key, { network, on: 'all' });

    expect(await health(key)).toMatchObject({ state: 'unreachable' });
  });

  it('is unknown behind a port that is closed for health only', async () => {
    await stack.fault(key, { network: 'refuse', on: 'health' });

    expect(await health(key)).toMatchObject({ state: 'unreachable' });
    expect(await outcome(key)).toMatchObject({ kind: 'accepted' });
  });
});

async function health(key: Key): Promise<Health | undefined> {
  const provider = make(key, stack.healthEndpoints[key] ?? '');
  const answer = await provider.health?.({ deadlineMs: 1_500, connectMs: 1_000 });
  provider.close?.();
  return answer;
}

async function outcome(key: Key) {
  const provider = make(key, stack.url(key));
  const mime = async () => Buffer.from('From: a@example.com\r\nTo: list@example.org\r\n\r\nx');
  const result = await provider.send(
    attemptOf({
      message: { to: [{ address: 'list@example.org' }, { address: 'hidden@example.net' }], bcc: [] },
      attempt: { mime, deadlineMs: 5_000, connectMs: 2_000 },
    }),
  );
  provider.close?.();
  return result.outcome;
}

function make(key: Key, endpoint: string) {
  switch (key) {
    case 'pm':
      return createPostmark({ key, options: {}, secret: SECRETS.pm, endpoint });
    case 'mg':
      return createMailgun({ key, options: { domain: 'mg.example.com' }, secret: SECRETS.mg, endpoint });
    case 'sg':
      return createSendgrid({ key, options: {}, secret: SECRETS.sg, endpoint });
    case 'ses':
      return createSes({ key, options: { identities: ['example.com'] }, secret: {}, endpoint });
    case 'mta-plain':
      return createSmtp({ key, options: { host: 'x', tls: 'none' }, secret: SECRETS['mta-plain'], endpoint });
  }
}
