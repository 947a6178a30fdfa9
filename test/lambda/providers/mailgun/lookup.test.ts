import { describe, expect, it, vi } from 'vitest';
import { create } from '../../../../lambda/providers/mailgun/send.ts';
import { type Answer, verbatim } from '../../../support/local-server.ts';
import { givenServer } from '../given-server.ts';
import { ADA, BOB, JSON_TYPE, QUESTION, uselessAnswerTests } from '../lookup-tests.ts';

/** Message-ID of the mail in question, without its brackets. */
const ID = QUESTION.messageId.slice(1, -1);

const server = givenServer();

describe('asking Mailgun about an attempt', () => {
  it('asks for the Message-ID without brackets, from shortly before the attempt on', async () => {
    server.answer = pages([]);

    await ask();

    const { url, headers, method } = server.received.at(-1) ?? { url: '' };
    const { pathname, searchParams } = new URL(url, server.url);
    expect(`${method} ${pathname}`).toBe('GET /v3/mg.example.com/events');
    expect(Object.fromEntries(searchParams)).toEqual({
      begin: String(Date.parse('2026-11-25T09:50:00Z') / 1000),
      ascending: 'yes',
      limit: '300',
      'message-id': ID,
    });
    expect(headers?.authorization).toBe(`Basic ${Buffer.from('api:key-1').toString('base64')}`);
  });

  it.each(['accepted', 'delivered', 'failed', 'opened', 'complained'])(
    'takes an event %s for proof of acceptance',
    async (kind) => {
      server.answer = pages([event(kind, ADA), event(kind, BOB.toLowerCase())]);

      expect(await ask()).toEqual({
        kind: 'answered',
        found: new Map([
          [ADA, ID],
          [BOB, ID],
        ]),
      });
    },
  );

  it('finds nothing at first, and later all of it', async () => {
    server.answer = pages([]);
    expect(await ask()).toEqual({ kind: 'answered', found: new Map() });

    server.answer = pages([event('accepted', ADA), event('accepted', BOB)]);
    expect(await ask()).toMatchObject({ found: new Map([ADA, BOB].map((address) => [address, ID])) });
  });

  it('finds the message for some of the recipients', async () => {
    server.answer = pages([event('accepted', BOB), event('accepted', 'eve@example.org')]);

    expect(await ask()).toEqual({ kind: 'answered', found: new Map([[BOB, ID]]) });
  });

  it('reads on to the empty page', async () => {
    server.answer = pages([event('accepted', ADA)], [event('delivered', ADA)], [event('accepted', BOB)]);

    expect(await ask()).toMatchObject({ found: new Map([ADA, BOB].map((address) => [address, ID])) });
    expect(server.received.at(-1)?.url).toBe('/v3/mg.example.com/events/page-2');
  });

  it('counts no recipient whose message Mailgun rejected later, and none if the rejection names no recipient', async () => {
    server.answer = pages([event('accepted', ADA), event('accepted', BOB), event('rejected', ADA)]);
    expect(await ask()).toMatchObject({ found: new Map([[BOB, ID]]) });

    server.answer = pages([event('accepted', ADA), event('rejected')]);
    expect(await ask()).toMatchObject({ found: new Map() });
  });

  it('cannot answer if a page is unavailable, even if an earlier one named some recipients', async () => {
    const first = pages([event('accepted', ADA)]);
    server.answer = (response, request, socket) =>
      request.url.includes('page-')
        ? verbatim(500, {}, 'oops')(response, request, socket)
        : first(response, request, socket);

    expect(await ask()).toMatchObject({ kind: 'cannot-say', reason: 'server-error' });
  });

  it('ends after a number of pages', async () => {
    server.answer = (response) =>
      response.writeHead(200, JSON_TYPE).end(page([event('accepted', 'eve@example.org')], 'again'));

    expect(await ask()).toMatchObject({ kind: 'cannot-say', reason: 'unreadable-answer' });
  });

  uselessAnswerTests({
    ask,
    server,
    answers: [
      ['a domain sending key or a wrong key', verbatim(401, {}, 'Forbidden'), 'authentication'],
      [
        'an account that is disabled',
        verbatim(403, {}, 'Domain x is not allowed to send: Account disabled'),
        'account-disabled',
      ],
      ['a domain of another region', verbatim(404, JSON_TYPE, '{"message":"Domain not found: x"}'), 'domain-not-found'],
      ['a rate limit', verbatim(429, JSON_TYPE, '{"message":"too many requests"}'), 'rate-limit'],
      ['a wrong URL', verbatim(200, {}, 'Mailgun Magnificent API'), 'unreadable-answer'],
      ['items of no list', verbatim(200, JSON_TYPE, '{"items":{"a":1},"paging":{}}'), 'unreadable-answer'],
      ['items of no event', verbatim(200, JSON_TYPE, '{"items":[null],"paging":{}}'), 'unreadable-answer'],
      ['a page URL that is none', verbatim(200, JSON_TYPE, '{"items":[],"paging":{"next":"::"}}'), 'unreadable-answer'],
      [
        'events of other mail',
        verbatim(200, JSON_TYPE, page([event('accepted', ADA, 'other@x')])),
        'unreadable-answer',
      ],
    ],
  });

  it('contains no address in its detail, and writes nothing to the console', async () => {
    const spies = (['log', 'warn', 'error'] as const).map((name) => vi.spyOn(console, name));
    server.answer = verbatim(400, JSON_TYPE, `{"message":"no events for ${ADA}"}`);

    expect(JSON.stringify(await ask())).not.toContain(ADA);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});

function ask({ endpoint = server.url, secret: apiKey = 'key-1' } = {}) {
  const provider = create({ key: 'mailgun', options: { domain: 'mg.example.com' }, secret: { apiKey }, endpoint });
  return provider.lookup?.(QUESTION);
}

/** Returns an event as in Mailgun's user manual, without the fields that the code does not read. */
function event(kind: string, recipient?: string, id = ID) {
  return {
    event: kind,
    id: 'ncV2XwymRUKbPek_MIM-Gw',
    timestamp: 1_795_600_000.1,
    ...(recipient && { recipient }),
    message: { headers: { to: '', 'message-id': id, from: 'a@example.com', subject: 'x' }, size: 1 },
  };
}

function page(items: unknown[], next = 'page-1'): string {
  const paging = { next: `https://api.mailgun.net/v3/mg.example.com/events/${next}`, previous: 'https://x.example/p' };
  return JSON.stringify({ items, paging });
}

/** Returns a server behaviour: answers with these pages in order, then with empty pages. */
function pages(...all: unknown[][]): Answer {
  return (response, { url }) => {
    const number = Number(/page-(\d+)$/.exec(url)?.[1] ?? 0);
    response.writeHead(200, JSON_TYPE).end(page(all[number] ?? [], `page-${number + 1}`));
  };
}
