import { describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import { type Answer, closedUrl, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const json = (body: unknown, status = 200): Answer => verbatim(status, JSON_TYPE, JSON.stringify(body));
const LIVE = json({ ID: 1, DeliveryType: 'Live' });
const stream = (more: object) =>
  json({ ID: 'outbound', MessageStreamType: 'Transactional', ArchivedAt: null, ...more });
const LIMITS = { deadlineMs: 400, connectMs: 300 };

let answers: { server: Answer; stream: Answer };
const server = givenServer((response, request, socket) =>
  answers[request.url === '/server' ? 'server' : 'stream'](response, request, socket),
);

describe('the health of a Postmark server', () => {
  it('is healthy when the server delivers and has the stream', async () => {
    expect(await ask(LIVE, stream({}))).toEqual({ state: 'healthy' });

    const urls = server.received.slice(-2).map(({ method, url }) => `${method} ${url}`);
    expect(urls.toSorted()).toEqual(['GET /message-streams/receipts', 'GET /server']);
  });

  it.each<[string, Answer, Answer, string]>([
    ['the token is wrong', json({ ErrorCode: 10, Message: 'no' }, 401), stream({}), 'authentication'],
    ['the account may not send', json({ ErrorCode: 413, Message: 'no' }, 422), stream({}), 'not-allowed-to-send'],
    ['the server only pretends to deliver', json({ DeliveryType: 'Sandbox' }), stream({}), 'sandbox'],
    ['there is no such stream', LIVE, json({ ErrorCode: 1226, Message: 'no' }, 422), 'message-stream'],
    ['the stream is archived', LIVE, stream({ ArchivedAt: '2026-11-01T00:00:00Z' }), 'message-stream'],
    ['the stream only receives', LIVE, stream({ MessageStreamType: 'Inbound' }), 'message-stream'],
  ])('is refused when %s', async (_, ofServer, ofStream, reason) => {
    expect(await ask(ofServer, ofStream)).toMatchObject({ state: 'account-refused', reason });
  });

  it('is healthy although the stream cannot be asked', async () => {
    expect(await ask(LIVE, verbatim(500, {}, 'oops'))).toEqual({ state: 'healthy' });
    expect(await ask(LIVE, () => {})).toEqual({ state: 'healthy' });
  });

  it.each<[string, Answer, string]>([
    ['an outage', verbatim(500, {}, 'oops'), 'server-error'],
    ['maintenance', json({ ErrorCode: 100, Message: 'x' }, 503), 'maintenance'],
    ['a page of a firewall', verbatim(403, {}, '<html>'), 'network-layer'],
    ['a page of HTML', verbatim(200, {}, '<html>'), 'unreadable-answer'],
    ['a body that is null', verbatim(200, JSON_TYPE, 'null'), 'unreadable-answer'],
    ['a hang', () => {}, 'no-answer'],
    ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
  ])('is unknown after %s', async (_, ofServer, reason) => {
    expect(await ask(ofServer, stream({}))).toMatchObject({ state: 'unreachable', reason });
  });

  it('is unknown with a closed port, and refused without a token', async () => {
    const endpoint = await closedUrl();

    expect(await ask(LIVE, LIVE, { endpoint })).toMatchObject({ state: 'unreachable', reason: 'connection-refused' });
    expect(await ask(LIVE, LIVE, { serverToken: '' })).toMatchObject({ reason: 'authentication' });
  });
});

async function ask(ofServer: Answer, ofStream: Answer, { endpoint = server.url, serverToken = 'token' } = {}) {
  answers = { server: ofServer, stream: ofStream };
  const options = { messageStream: 'receipts' };
  return await create({ key: 'postmark', options, secret: { serverToken }, endpoint }).health?.(LIMITS);
}
