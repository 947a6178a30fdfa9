import { expect, it } from 'vitest';
import type { Provider, Question } from '../../../lambda/providers/provider.ts';
import { type Answer, closedUrl, verbatim } from '../../support/local-server.ts';
import type { GivenServer } from './given-server.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const ADA = 'ada@example.org';
export const BOB = 'Bob@example.net';

/** The question whether a provider has a mail to Ada and Bob. */
export const QUESTION: Question = {
  handle: 'h'.repeat(43),
  messageId: `<${'h'.repeat(43)}@example.com>`,
  recipients: [ADA, BOB],
  begunAt: Date.parse('2026-11-25T10:00:00Z'),
  deadlineMs: 400,
  connectMs: 300,
};

/** An answer to a look-up that does not tell whether the provider has the mail, with the reason that the look-up must give. */
type UselessAnswer = readonly [name: string, answer: Answer, reason: string];

const USELESS: readonly UselessAnswer[] = [
  ['an outage', verbatim(500, {}, 'oops'), 'server-error'],
  ['a page of HTML', verbatim(200, { 'content-type': 'text/html' }, '<html>'), 'unreadable-answer'],
  ['a body that is null', verbatim(200, JSON_TYPE, 'null'), 'unreadable-answer'],
  ['no body', verbatim(200, JSON_TYPE, ''), 'unreadable-answer'],
  ['a hang', () => {}, 'no-answer'],
  ['a reset', (_, __, socket) => socket.resetAndDestroy(), 'connection-lost'],
];

/** Defines the tests of a look-up that gets one of `answers`, an answer that is useless from every provider, or no answer. */
export function uselessAnswerTests({
  ask,
  server,
  answers,
}: {
  readonly ask: (change?: {
    endpoint?: string;
    secret?: string;
  }) => ReturnType<NonNullable<Provider['lookup']>> | undefined;
  readonly server: GivenServer;
  readonly answers: readonly UselessAnswer[];
}): void {
  it.each([...answers, ...USELESS])('cannot answer after %s', async (_, answer, reason) => {
    server.answer = answer;

    expect(await ask()).toMatchObject({ kind: 'cannot-say', reason });
  });

  it('cannot answer with a closed port, or without its secret', async () => {
    const endpoint = await closedUrl();

    expect(await ask({ endpoint })).toMatchObject({ kind: 'cannot-say', reason: 'connection-refused' });
    expect(await ask({ secret: '' })).toMatchObject({ kind: 'cannot-say', reason: 'authentication' });
  });
}
