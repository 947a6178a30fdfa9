import { describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/mailgun/send.ts';
import { type Answer, closedUrl, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const json = (body: unknown, status = 200): Answer => verbatim(status, JSON_TYPE, JSON.stringify(body));
const domain = (more: object) =>
  json({ domain: { name: 'mg.example.com', state: 'active', is_disabled: false, ...more } });
const queues = (regular: object) => json({ regular, scheduled: { is_disabled: false, disabled: {} } });
const OPEN = queues({ is_disabled: false, disabled: { until: '', reason: '' } });
const FORBIDDEN = verbatim(401, {}, 'Forbidden');

let answers: { domain: Answer; queue: Answer; message: Answer };
const server = givenServer((response, request, socket) => {
  const kind = request.method === 'POST' ? 'message' : request.url.endsWith('/sending_queues') ? 'queue' : 'domain';
  answers[kind](response, request, socket);
});

describe('the health of a Mailgun account', () => {
  it('is healthy when the domain is active and its queue runs', async () => {
    expect(await ask(domain({}), OPEN)).toEqual({ state: 'healthy' });

    const urls = server.received.slice(-2).map(({ method, url }) => `${method} ${url}`);
    expect(urls.toSorted()).toEqual([
      'GET /v3/domains/mg.example.com/sending_queues',
      'GET /v4/domains/mg.example.com',
    ]);
  });

  it.each<[string, Answer, Answer, string]>([
    ['the domain is disabled', domain({ is_disabled: true }), OPEN, 'domain-disabled'],
    ['the domain is in the state disabled', domain({ state: 'disabled' }), OPEN, 'domain-disabled'],
    ['the domain is not verified', domain({ state: 'unverified' }), OPEN, 'domain-not-verified'],
    ['the domain is a sandbox', domain({ type: 'sandbox' }), OPEN, 'sandbox'],
    ['the domain does not exist', json({ message: 'Domain not found: x' }, 404), OPEN, 'domain-not-found'],
    ['the account is disabled', json({ message: 'Account disabled' }, 403), OPEN, 'account-disabled'],
    ['the account has to pay', json({ message: 'x' }, 402), OPEN, 'payment-required'],
    ['only the queue says that', domain({}), json({ message: 'Account disabled' }, 403), 'account-disabled'],
  ])('is refused when %s', async (_, ofDomain, ofQueue, reason) => {
    expect(await ask(ofDomain, ofQueue)).toMatchObject({ state: 'account-refused', reason });
  });

  it('is refused when Mailgun has stopped the queue, in the words of Mailgun without addresses', async () => {
    const disabled = { reason: 'high bounce rate of ada@example.org', until: 'Wed, 25 Nov 2026 18:00:00 GMT' };

    expect(await ask(domain({}), queues({ is_disabled: true, disabled }))).toEqual({
      state: 'account-refused',
      reason: 'queue-disabled',
      detail: 'high bounce rate of <address> until 2026-11-25T18:00:00.000Z',
    });
  });

  it('is refused by a stopped queue with an unreadable end', async () => {
    const disabled = { reason: 'x', until: 'soon' };

    expect(await ask(domain({}), queues({ is_disabled: true, disabled }))).toMatchObject({
      reason: 'queue-disabled',
      detail: 'x',
    });
  });

  it('is healthy although the queue cannot be asked', async () => {
    expect(await ask(domain({}), verbatim(500, {}, 'oops'))).toEqual({ state: 'healthy' });
    expect(await ask(domain({}), () => {})).toEqual({ state: 'healthy' });
  });

  it.each<[string, Answer, string]>([
    ['an outage', verbatim(500, {}, 'oops'), 'server-error'],
    ['a rate limit', json({ message: 'too many requests' }, 429), 'rate-limit'],
    ['a page of HTML', verbatim(200, {}, '<html>'), 'unreadable-answer'],
    ['no domain', json({}), 'unreadable-answer'],
    ['an unknown state', domain({ state: 'paused' }), 'unreadable-answer'],
    ['a hang', () => {}, 'no-answer'],
    ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
  ])('is unknown after %s', async (_, ofDomain, reason) => {
    expect(await ask(ofDomain, OPEN)).toMatchObject({ state: 'unreachable', reason });
  });

  it('is unknown when the port is closed', async () => {
    expect(await ask(OPEN, OPEN, OPEN, await closedUrl())).toMatchObject({
      state: 'unreachable',
      reason: 'connection-refused',
    });
  });
});

describe('a key without read access', () => {
  it('is healthy if Mailgun accepts it for sending and reports a missing sender and recipient', async () => {
    expect(await ask(FORBIDDEN, FORBIDDEN, json({ message: 'from parameter is missing' }, 400))).toEqual({
      state: 'healthy',
    });

    const request = server.received.at(-1);
    expect(`${request?.method} ${request?.url}`).toBe('POST /v3/mg.example.com/messages');
    expect(request?.body.toString()).not.toMatch(/name="(from|to|cc|bcc)"/);
  });

  it.each<[string, Answer, object]>([
    ['wrong', FORBIDDEN, { state: 'account-refused', reason: 'authentication' }],
    [
      'of a suspended account',
      json({ message: 'Domain x is not allowed to send: Account disabled' }, 403),
      { state: 'account-refused', reason: 'account-disabled' },
    ],
    ['not known after a server error', verbatim(500, {}, 'oops'), { state: 'unreachable', reason: 'server-error' }],
    ['not known after an acceptance', json({ id: '<x@y>', message: 'Queued' }), { state: 'unreachable' }],
  ])('is %s', async (_, message, expected) => {
    expect(await ask(FORBIDDEN, FORBIDDEN, message)).toMatchObject(expected);
  });

  it('is refused if the secret has none', async () => {
    const provider = create({
      key: 'mailgun',
      options: { domain: 'mg.example.com' },
      secret: {},
      endpoint: server.url,
    });

    expect(await provider.health?.(LIMITS)).toMatchObject({ state: 'account-refused', reason: 'authentication' });
  });
});

const LIMITS = { deadlineMs: 400, connectMs: 300 };

async function ask(ofDomain: Answer, queue: Answer, message = OPEN, endpoint = server.url) {
  answers = { domain: ofDomain, queue, message };
  const options = { domain: 'mg.example.com' };
  return await create({ key: 'mailgun', options, secret: { apiKey: 'key-1' }, endpoint }).health?.(LIMITS);
}
