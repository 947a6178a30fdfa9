import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import Mailgun from 'mailgun.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { create as createMailgun } from '../../../lambda/providers/mailgun/send.ts';
import { create as createPostmark } from '../../../lambda/providers/postmark/send.ts';
import type { Attempt, Provider, Question } from '../../../lambda/providers/provider.ts';
import { attemptOf } from '../../lambda/providers/attempt.ts';
import { SECRETS, simulators } from './simulators.ts';

/** Time in milliseconds after which look-ups find a mail in the fast stack. In the slow stack, look-ups find no mail during a test. */
const INDEXED_MS = 60;

type Stack = Awaited<ReturnType<typeof simulators>>;

let stack: Stack;
let slow: Stack;

beforeAll(async () => {
  stack = await simulators(1_000);
  slow = await simulators(0.1);
});
afterEach(() => Promise.all(['mg', 'pm'].map((key) => stack.faults.clear(key))));
afterAll(() => Promise.all([stack.close(), slow.close()]));

const providers: readonly (readonly [name: string, key: 'mg' | 'pm', make: (at?: Stack) => Provider])[] = [
  [
    'Mailgun',
    'mg',
    ({ url } = stack) =>
      createMailgun({ key: 'mg', options: { domain: 'mg.example.com' }, secret: SECRETS.mg, endpoint: url('mg') }),
  ],
  [
    'Postmark',
    'pm',
    ({ url } = stack) => createPostmark({ key: 'pm', options: {}, secret: SECRETS.pm, endpoint: url('pm') }),
  ],
];

describe.each(providers)('the look-up of a lost attempt at %s', (_name, key, make) => {
  it('finds nothing before the mail is indexed', async () => {
    const { attempt, question } = mail();

    expect((await make(slow).send(attempt)).outcome.kind).toBe('accepted');
    expect(await make(slow).lookup?.(question)).toEqual({ kind: 'answered', found: new Map() });
  });

  it('finds the mail when it is indexed', async () => {
    await stack.fault(key, { network: 'reset-after-accept', on: 'send' });
    const { attempt, question } = mail();

    expect((await make().send(attempt)).outcome.kind).toBe('unknown');
    await delay(INDEXED_MS);

    const entry = (await stack.accepted.list({ provider: key })).at(-1);
    const id = entry?.providerMessageId.replace(/^<(.*)>$/, '$1') ?? '';
    expect(await make().lookup?.(question)).toEqual({
      kind: 'answered',
      found: new Map(question.recipients.map((address) => [address, id])),
    });
  });

  it('never finds a request that was lost before it was accepted', async () => {
    await stack.fault(key, { network: 'reset', on: 'send' });
    const { attempt, question } = mail();

    expect((await make().send(attempt)).outcome.kind).toBe('unknown');
    await delay(INDEXED_MS);
    expect(await make().lookup?.(question)).toEqual({ kind: 'answered', found: new Map() });
  });

  it('names only the recipients of accepted attempts', async () => {
    const { attempt, question } = mail();

    await make().send({ ...attempt, recipients: ['list@example.org'] });
    await delay(INDEXED_MS);
    const answer = await make().lookup?.(question);
    expect(answer?.kind === 'answered' && [...answer.found.keys()]).toEqual(['list@example.org']);
  });

  it('is subject to faults of look-ups only', async () => {
    await stack.fault(key, { respond: { status: 500 }, on: 'lookup' });
    const { attempt, question } = mail();

    expect((await make().send(attempt)).outcome.kind).toBe('accepted');
    expect(await make().lookup?.(question)).toMatchObject({ kind: 'cannot-say', reason: 'server-error' });
  });

  it('is a refusal when the credentials are wrong', async () => {
    const options = { domain: 'mg.example.com' };
    const provider =
      key === 'mg'
        ? createMailgun({ key, options, secret: { apiKey: 'other' }, endpoint: stack.url(key) })
        : createPostmark({ key, options: {}, secret: { serverToken: 'other' }, endpoint: stack.url(key) });

    expect(await provider.lookup?.(mail().question)).toMatchObject({ kind: 'cannot-say', reason: 'authentication' });
  });
});

describe('the events of Mailgun', () => {
  it('come in pages with their own URLs, up to an empty page', async () => {
    const { attempt } = mail();
    await providers[0]?.[2]().send(attempt);
    await delay(INDEXED_MS);
    const events = new Mailgun(FormData).client({
      username: 'api',
      key: SECRETS.mg.apiKey,
      url: stack.url('mg'),
    }).events;
    Object.assign(events, { logger: { warn() {} } });
    const filter = { 'message-id': attempt.message.messageId.slice(1, -1) };
    const seen: string[] = [];
    let page = await events.get('mg.example.com', { begin: '0', ascending: 'yes', limit: 3, ...filter });
    while (page.items.length > 0) {
      seen.push(...page.items.map(({ event }) => event));
      page = await events.get('mg.example.com', { page: page.pages['next']?.page ?? '' });
    }

    expect(seen.toSorted()).toEqual(['accepted', 'accepted', 'delivered', 'delivered']);
  });

  it.each([
    ['event=delivered OR failed', 2],
    ['event=NOT accepted', 2],
    ['recipient=hidden@example.net', 2],
    ['begin=4000000000', 0],
  ])('obey the filter %s', async (filter, count) => {
    const { attempt } = mail();
    await providers[0]?.[2]().send(attempt);
    await delay(INDEXED_MS);
    const query = new URLSearchParams({ ascending: 'yes', 'message-id': attempt.message.messageId.slice(1, -1) });
    const [name = '', value = ''] = filter.split('=');
    query.set(name, value);
    const response = await fetch(`${stack.url('mg')}/v3/mg.example.com/events?${query}`, {
      headers: { authorization: `Basic ${btoa(`api:${SECRETS.mg.apiKey}`)}` },
    });

    expect(((await response.json()) as { items: unknown[] }).items).toHaveLength(count);
  });
});

let mails = 0;

/** Returns a mail to the same two recipients; each call returns a different mail. */
function mail(): { attempt: Attempt; question: Question } {
  const handle = createHash('sha256').update(`${mails++}`).digest('base64url');
  const messageId = `<${handle}@example.com>`;
  const whole = attemptOf({ message: { handle, messageId, cc: [{ address: 'hidden@example.net' }], bcc: [] } });
  const attempt = {
    ...whole,
    mime: async () => Buffer.from(`From: a@example.com\r\nMessage-ID: ${messageId}\r\n\r\nx`),
    deadlineMs: 5_000,
  };
  const { recipients, deadlineMs, connectMs } = attempt;
  return { attempt, question: { handle, messageId, recipients, begunAt: Date.now(), deadlineMs, connectMs } };
}
