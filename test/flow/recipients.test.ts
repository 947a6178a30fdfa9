import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { suppressionCommand } from '../../cli/suppression/command.ts';
import { verifyCommand } from '../../cli/verify/command.ts';
import { recordedTerminal } from '../support/recorded-terminal.ts';
import { givenStack, type RunningStack } from '../support/running-stack.ts';

let stack: RunningStack;
beforeAll(async () => {
  stack = await givenStack(60, 'test/flow/apps/recipients.ts');
}, 90_000);
afterAll(() => stack?.close());

test('a recipient who uses the unsubscribe link gets no more mail of the class, but mail of other classes', async () => {
  await send('news-1', { class: 'news' });
  const [mail] = await stack.accepted(['news-1']);
  const header = (name: string) => mail?.headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? '';
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
  const [, link = ''] = /^<(.+)>$/.exec(header('list-unsubscribe')) ?? [];

  const page = await fetch(link);
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  await send('news-2', { class: 'news' });
  await stack.accepted(['news-2']);

  const posted = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });
  expect(posted.status).toBe(200);
  expect((await fetch(`${link.slice(0, -4)}AAAA`, { method: 'POST' })).status).toBe(404);
  await send('news-3', { class: 'news' });
  await send('receipt-1', {});
  await stack.accepted(['receipt-1']);
  await stack.until(async () => (await stack.submission('news-3'))?.state === 'suppressed');

  expect(await stack.entries('news-3')).toEqual([]);
  const events = await receive((found) => found.some(({ type }) => type === 'suppressed'));
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'unsubscribed',
      recipient: 'ada@example.org',
      class: 'news',
      provider: 'mailover',
    }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'suppressed', submissionId: 'news-3', reason: 'unsubscribed-before' }),
  );
});

test('after an operator removes the unsubscribe, the address gets mail of the class again', async () => {
  const { terminal } = recordedTerminal();
  const end = () =>
    suppressionCommand(
      ['remove', 'ada@example.org', '--class', 'news'],
      { MAILOVER_PORT: new URL(stack.url).port },
      terminal,
    );

  expect([await end(), await end()]).toEqual([0, 1]);
  await send('news-4', { class: 'news' });
  await stack.accepted(['news-4']);
});

test('an address that is not verified gets one mail of a class with `verifiedRecipients`, and the waiting mails after it is verified', async () => {
  const grace = { class: 'invitations', to: ['grace@example.org'] };
  await send('first', grace);
  await stack.accepted(['first']);
  await send('second', { ...grace, to: ['Grace@example.org'] });
  await stack.until(async () => (await stack.submission('second'))?.state === 'waiting');
  const { both, terminal } = recordedTerminal();

  const code = await verifyCommand(
    ['linus@example.org', '--json'],
    { MAILOVER_PORT: new URL(stack.url).port },
    terminal,
  );
  expect([code, JSON.parse(both.join(''))]).toEqual([
    0,
    { address: 'linus@example.org', verified: true, before: false },
  ]);
  await send('third', { class: 'invitations', to: ['linus@example.org'] });
  await send('fourth', { class: 'invitations', to: ['linus@example.org'] });

  await stack.accepted(['second', 'third', 'fourth']);
});

async function send(id: string, more: object): Promise<void> {
  const mail = { version: 1, id, from: 'a@example.com', to: ['ada@example.org'], subject: id, text: 'x', ...more };
  await stack.send([mail]);
}

/** Receives messages from the events queue until `enough` returns true for the events so far. */
async function receive(enough: (events: { readonly type: string }[]) => boolean) {
  const events: { readonly type: string }[] = [];
  await stack.until(async () => {
    const { Messages = [] } = await stack.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: stack.info.queues.events, MaxNumberOfMessages: 10 }),
    );
    events.push(...Messages.map(({ Body = '' }) => JSON.parse(Body) as { readonly type: string }));
    return enough(events);
  });
  return events;
}
