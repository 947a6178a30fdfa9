import { describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/sendgrid/send.ts';
import { type Answer, closedUrl, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';

const json = (body: unknown, status = 200): Answer =>
  verbatim(status, { 'content-type': 'application/json' }, JSON.stringify(body));
const errors = (status: number, message: string) => json({ errors: [{ field: null, message }] }, status);
const SCOPES = json({ scopes: ['mail.batch.create', 'mail.send'] });
const credits = (used: unknown, total: unknown, frequency = 'monthly') =>
  json({ remain: 0, total, overage: 0, used, reset_frequency: frequency });
const PLENTY = credits(1, 100);
const LIMITS = { deadlineMs: 400, connectMs: 300 };

let answers: { scopes: Answer; credits: Answer };
const server = givenServer((response, request, socket) =>
  answers[request.url === '/v3/scopes' ? 'scopes' : 'credits'](response, request, socket),
);

describe('the health of a SendGrid account', () => {
  it('is healthy when the key may send and credits are left', async () => {
    expect(await ask(SCOPES, PLENTY)).toEqual({ state: 'healthy' });

    const seen = server.received.slice(-2);
    expect(seen.map(({ method, url }) => `${method} ${url}`).toSorted()).toEqual([
      'GET /v3/scopes',
      'GET /v3/user/credits',
    ]);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer SG.key', 'Bearer SG.key']);
    expect(seen.map(({ body }) => body.length)).toEqual([0, 0]);
  });

  it.each<[string, Answer, Answer, string]>([
    ['the key is wrong', errors(401, 'The provided authorization grant is invalid'), PLENTY, 'authentication'],
    ['the key may do nothing', errors(403, 'access forbidden'), PLENTY, 'access-denied'],
    ['the key may not send', json({ scopes: ['mail.batch.create'] }), PLENTY, 'not-allowed-to-send'],
    ['the URL is wrong', errors(404, 'not found'), PLENTY, 'wrong-url'],
    ['the credits of the day are used', SCOPES, credits(100, 100, 'daily'), 'quota'],
    ['2.5 times the credits of the month are used', SCOPES, credits(250, 100), 'quota'],
  ])('is refused when %s', async (_, scopes, ofCredits, reason) => {
    expect(await ask(scopes, ofCredits)).toMatchObject({ state: 'account-refused', reason });
  });

  it.each<[string, Answer]>([
    ['the allotment of the month is used', credits(249, 100)],
    ['one credit of the day is left', credits(99, 100, 'daily')],
    ['the key may not read credits', errors(403, 'access forbidden')],
    ['credits cannot be read', errors(500, 'internal server error')],
    ['credits are no JSON', verbatim(200, {}, '<p>')],
    ['credits have no number', credits('1', 100)],
    ['credits have no total', credits(1, null)],
    ['the plan has no credits', credits(0, 0)],
    ['no answer about credits comes', () => {}],
  ])('is healthy when %s', async (_, ofCredits) => {
    expect(await ask(SCOPES, ofCredits)).toEqual({ state: 'healthy' });
  });

  it.each<[string, Answer, string]>([
    ['a server error', errors(500, 'internal server error'), 'server-error'],
    ['throttling', errors(429, 'too many requests'), 'rate-limit'],
    ['a page', verbatim(200, {}, '<p>'), 'unreadable-answer'],
    ['an answer without scopes', json({}), 'unreadable-answer'],
    ['an answer that is no object', json(null), 'unreadable-answer'],
    ['an answer of another status', verbatim(202, { 'x-message-id': 'a' }, ''), 'unreadable-answer'],
    ['a hang', () => {}, 'no-answer'],
    ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
  ])('is unknown after %s', async (_, scopes, reason) => {
    expect(await ask(scopes, PLENTY)).toMatchObject({ state: 'unreachable', reason });
  });

  it('is unknown with a closed port, and refused without a key', async () => {
    const endpoint = await closedUrl();

    expect(await ask(SCOPES, PLENTY, { endpoint })).toMatchObject({
      state: 'unreachable',
      reason: 'connection-refused',
    });
    expect(await ask(SCOPES, PLENTY, { apiKey: '' })).toMatchObject({
      state: 'account-refused',
      reason: 'authentication',
    });
  });
});

async function ask(scopes: Answer, ofCredits: Answer, { endpoint = server.url, apiKey = 'SG.key' } = {}) {
  answers = { scopes, credits: ofCredits };
  const provider = create({ key: 'sg', options: {}, secret: { apiKey }, endpoint });
  const health = await provider.health?.(LIMITS);
  provider.close?.();
  return health;
}
