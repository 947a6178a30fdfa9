import { expect, it } from 'vitest';
import type { Message } from '../../../lambda/mail/message.ts';
import { buildMessage } from '../../../lambda/sender/build-message.ts';

// These tests build threads by RFC 5256 section 3: each id in References is a child of the id before it, and a mail is a child of
// the last id. A link that would close a circle is not made.

/**
 * Returns a Message-ID of the kind with which SES replaces the Message-ID of a mail (docs.aws.amazon.com/ses, header-fields;
 * 2026-11-23).
 */
const atSes = (name: string) => `<0102018c-${name}-000000@eu-west-1.amazonses.com>`;

interface Mail {
  readonly id: string;
  readonly references: readonly string[];
}

it.each([
  ['kept', (message: Message) => message.messageId],
  ['replaced by SES', (message: Message) => atSes(message.handle.slice(0, 8))],
])('a reply threads with a mail whose Message-ID is %s, and contains the id that the producer knows', (_, idOf) => {
  const first = mailOf('order-1', {});
  const sent = { id: idOf(first), references: referencesOf(first) };
  // In the References of a reply, mail programs write the References of the original mail, and the Message-ID with which that
  // mail arrived.
  const answer = { id: '<answer@example.org>', references: [...sent.references, sent.id] };
  const second = mailOf('order-1-shipped', { References: first.messageId });

  expect(answer.references).toContain(first.messageId);
  expect(rootsOf([sent, answer, { id: idOf(second), references: referencesOf(second) }]).size).toBe(1);
});

it('a mail with In-Reply-To only stays in that thread, at every provider', () => {
  const question = { id: '<question@example.org>', references: [] };
  const message = mailOf('reply-1', { 'In-Reply-To': question.id });

  for (const id of [message.messageId, atSes('reply')]) {
    const sent = { id, references: referencesOf(message) };
    expect(sent.references).toEqual([message.messageId, question.id]);
    expect(rootsOf([question, sent]).size).toBe(1);
  }
});

function mailOf(id: string, headers: Record<string, string>): Message {
  const submission = { version: 1 as const, from: 'shop@example.com', to: ['ada@example.org'], text: 'x', headers };
  const built = buildMessage(submission, { id, attachments: [], now: new Date() });
  if ('problem' in built) throw new Error(built.problem.detail);
  return built.message;
}

function referencesOf({ headers }: Message): string[] {
  return headers.find(([name]) => name === 'References')?.[1].match(/<[^>]*>/g) ?? [];
}

function rootsOf(mails: readonly Mail[]): Set<string> {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    const parent = parents.get(id);
    return parent === undefined ? id : rootOf(parent);
  };
  const makesCircle = (parent: string, child: string): boolean => {
    for (let at: string | undefined = parent; at !== undefined; at = parents.get(at)) if (at === child) return true;
    return false;
  };
  for (const { id, references } of mails) {
    references.slice(1).forEach((child, place) => {
      const parent = references[place];
      if (parent !== undefined && !parents.has(child) && !makesCircle(parent, child)) parents.set(child, parent);
    });
    const last = references.at(-1);
    // The References of other mails may already have given this mail a parent. The parent that the mail itself names replaces
    // that parent.
    parents.delete(id);
    if (last !== undefined && !makesCircle(last, id)) parents.set(id, last);
  }
  return new Set(mails.map(({ id }) => rootOf(id)));
}
