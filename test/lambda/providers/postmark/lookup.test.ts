import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import type { Question } from '../../../../lambda/providers/provider.ts';
import { type Answer, closedPort, startServer, verbatim } from '../wire-server.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const HANDLE = 'h'.repeat(43);
const ADA = 'ada@example.org';
const BOB = 'Bob@example.net';

let server: Awaited<ReturnType<typeof startServer>>;
let answer: Answer;

beforeAll(async () => {
  server = await startServer((...all) => answer(...all));
});

afterAll(() => server.close());

describe('asking Postmark about an attempt', () => {
  it('searches the stream for the handle', async () => {
    answer = messages();

    await ask({ messageStream: 'receipts' });

    const { method, url, headers } = server.received.at(-1) ?? { url: '' };
    const { pathname, searchParams } = new URL(url, server.url);
    expect(`${method} ${pathname}`).toBe('GET /messages/outbound');
    expect(Object.fromEntries(searchParams)).toEqual({
      count: '500',
      offset: '0',
      'metadata_mailover-id': HANDLE,
      messagestream: 'receipts',
    });
    expect(headers?.['x-postmark-server-token']).toBe('token');
  });

  it('finds nothing at first, and later all of it', async () => {
    answer = messages();
    expect(await ask()).toEqual({ kind: 'answered', found: new Map() });

    answer = messages(message('m-1', [ADA, BOB.toLowerCase()]));
    expect(await ask()).toEqual({
      kind: 'answered',
      found: new Map([
        [ADA, 'm-1'],
        [BOB, 'm-1'],
      ]),
    });
  });

  it('finds the message for some of the recipients, each with its own id', async () => {
    answer = messages(message('m-1', [ADA]));
    expect(await ask()).toMatchObject({ found: new Map([[ADA, 'm-1']]) });

    answer = messages(message('m-1', [ADA]), message('m-2', [BOB, 'eve@example.org'], { 'Mailover-Id': HANDLE }));
    expect(await ask()).toMatchObject({
      found: new Map([
        [ADA, 'm-1'],
        [BOB, 'm-2'],
      ]),
    });
  });

  it.each<[string, Answer, string]>([
    ['a wrong token', verbatim(401, JSON_TYPE, '{"ErrorCode":10,"Message":"no"}'), 'authentication'],
    [
      'an account that may not send',
      verbatim(422, JSON_TYPE, '{"ErrorCode":413,"Message":"no"}'),
      'not-allowed-to-send',
    ],
    ['a rate limit', verbatim(429, {}, ''), 'rate-limit'],
    ['an outage', verbatim(500, {}, 'oops'), 'server-error'],
    ['maintenance', verbatim(503, JSON_TYPE, '{"ErrorCode":100,"Message":"x"}'), 'maintenance'],
    ['a page of HTML', verbatim(200, { 'content-type': 'text/html' }, '<html>'), 'unreadable-answer'],
    ['a body that is null', verbatim(200, JSON_TYPE, 'null'), 'unreadable-answer'],
    ['no body', verbatim(200, JSON_TYPE, ''), 'unreadable-answer'],
    ['no list', verbatim(200, JSON_TYPE, '{"TotalCount":1}'), 'unreadable-answer'],
    ['no message', verbatim(200, JSON_TYPE, '{"Messages":[null]}'), 'unreadable-answer'],
    ['no recipients', messages({ ...message('m-1', []), Recipients: null }), 'unreadable-answer'],
    ['a filter that is not obeyed', messages(message('m-1', [ADA], { 'mailover-id': 'x' })), 'unreadable-answer'],
    ['a hang', () => {}, 'no-answer'],
    ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
  ])('cannot answer after %s', async (_, given, reason) => {
    answer = given;

    expect(await ask()).toMatchObject({ kind: 'cannot-say', reason });
  });

  it('cannot answer with a closed port, or without a token', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;

    expect(await ask({ endpoint })).toMatchObject({ kind: 'cannot-say', reason: 'connection-refused' });
    expect(await ask({ serverToken: '' })).toMatchObject({ kind: 'cannot-say', reason: 'authentication' });
  });

  it('names no address in its detail', async () => {
    answer = verbatim(422, JSON_TYPE, JSON.stringify({ ErrorCode: 700, Message: `nothing for ${ADA}` }));

    expect(JSON.stringify(await ask())).not.toContain(ADA);
  });
});

function ask({ endpoint = server.url, serverToken = 'token', messageStream = 'outbound' } = {}) {
  const question: Question = {
    handle: HANDLE,
    messageId: `<${HANDLE}@example.com>`,
    recipients: [ADA, BOB],
    begunAt: Date.parse('2026-11-25T10:00:00Z'),
    deadlineMs: 400,
    connectMs: 300,
  };
  return create({ key: 'postmark', options: { messageStream }, secret: { serverToken }, endpoint }).lookup?.(question);
}

/** A message as in Postmark's documentation, without the fields that are not read. */
function message(MessageID: string, Recipients: string[], Metadata: object = { 'mailover-id': HANDLE }) {
  return { MessageID, Recipients, Metadata, Status: 'Sent', MessageStream: 'outbound' };
}

function messages(...list: object[]): Answer {
  return verbatim(200, JSON_TYPE, JSON.stringify({ TotalCount: list.length, Messages: list }));
}
