import { describe, expect, it } from 'vitest';
import { create } from '../../../../lambda/providers/postmark/send.ts';
import { type Answer, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';
import { ADA, BOB, JSON_TYPE, QUESTION, uselessAnswerTests } from '../lookup-tests.ts';

const HANDLE = QUESTION.handle;

const server = givenServer();

describe('asking Postmark about an attempt', () => {
  it('searches the stream for the handle', async () => {
    server.answer = messages();

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
    server.answer = messages();
    expect(await ask()).toEqual({ kind: 'answered', found: new Map() });

    server.answer = messages(message('m-1', [ADA, BOB.toLowerCase()]));
    expect(await ask()).toEqual({
      kind: 'answered',
      found: new Map([
        [ADA, 'm-1'],
        [BOB, 'm-1'],
      ]),
    });
  });

  it('finds the message for some of the recipients, each with its own id', async () => {
    server.answer = messages(message('m-1', [ADA]));
    expect(await ask()).toMatchObject({ found: new Map([[ADA, 'm-1']]) });

    server.answer = messages(
      message('m-1', [ADA]),
      message('m-2', [BOB, 'eve@example.org'], { 'Mailover-Id': HANDLE }),
    );
    expect(await ask()).toMatchObject({
      found: new Map([
        [ADA, 'm-1'],
        [BOB, 'm-2'],
      ]),
    });
  });

  uselessAnswerTests({
    ask,
    server,
    answers: [
      ['a wrong token', verbatim(401, JSON_TYPE, '{"ErrorCode":10,"Message":"no"}'), 'authentication'],
      [
        'an account that may not send',
        verbatim(422, JSON_TYPE, '{"ErrorCode":413,"Message":"no"}'),
        'not-allowed-to-send',
      ],
      ['a rate limit', verbatim(429, {}, ''), 'rate-limit'],
      ['maintenance', verbatim(503, JSON_TYPE, '{"ErrorCode":100,"Message":"x"}'), 'maintenance'],
      ['no list', verbatim(200, JSON_TYPE, '{"TotalCount":1}'), 'unreadable-answer'],
      ['no message', verbatim(200, JSON_TYPE, '{"Messages":[null]}'), 'unreadable-answer'],
      ['no recipients', messages({ ...message('m-1', []), Recipients: null }), 'unreadable-answer'],
      ['a filter that is not obeyed', messages(message('m-1', [ADA], { 'mailover-id': 'x' })), 'unreadable-answer'],
    ],
  });

  it('names no address in its detail', async () => {
    server.answer = verbatim(422, JSON_TYPE, JSON.stringify({ ErrorCode: 700, Message: `nothing for ${ADA}` }));

    expect(JSON.stringify(await ask())).not.toContain(ADA);
  });
});

function ask({ endpoint = server.url, secret: serverToken = 'token', messageStream = 'outbound' } = {}) {
  return create({ key: 'postmark', options: { messageStream }, secret: { serverToken }, endpoint }).lookup?.(QUESTION);
}

/** Returns a message as in Postmark's documentation, without the fields that the code does not read. */
function message(MessageID: string, Recipients: string[], Metadata: object = { 'mailover-id': HANDLE }) {
  return { MessageID, Recipients, Metadata, Status: 'Sent', MessageStream: 'outbound' };
}

function messages(...list: object[]): Answer {
  return verbatim(200, JSON_TYPE, JSON.stringify({ TotalCount: list.length, Messages: list }));
}
