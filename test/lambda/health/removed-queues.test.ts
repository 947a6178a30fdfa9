import { expect, test } from 'vitest';
import { gaugeRemovedQueues } from '../../../lambda/health/removed-queues.ts';

const url = (name: string) => `https://sqs.us-east-1.amazonaws.com/123456789012/${name}`;
const NAMES = { prefix: 'Mailover-MailoverQueuesRetry', present: ['Mailover-MailoverQueuesRetrysesA-1'] };

function given(messages: Readonly<Record<string, number>> | Error) {
  const values: [string, number][] = [];
  const logged: string[] = [];
  const note = (message: string) => void logged.push(message);
  const asked: string[] = [];
  const context = {
    metrics: { add: (name: string, value: number) => void values.push([name, value]), flush: async () => {} },
    log: { info: note, warn: note, error: note },
  };
  const queues = {
    async named(prefix: string) {
      asked.push(prefix);
      if (messages instanceof Error) throw messages;
      return Object.keys(messages).map(url);
    },
    messages: async (queue: string) => (messages as Record<string, number>)[queue.split('/').at(-1) ?? ''] ?? 0,
  };
  return { run: () => gaugeRemovedQueues(context as never, NAMES, queues), values, logged, asked };
}

test('the mail of all removed queues is one number, without that of present ones', async () => {
  const { run, values, asked } = given({
    'Mailover-MailoverQueuesRetrysesA-1': 50,
    'Mailover-MailoverQueuesRetrymailgunB-1': 3,
    'Mailover-MailoverQueuesRetrysesA-0': 4,
  });
  await run();
  expect(values).toEqual([['RemovedQueueMail', 7]]);
  expect(asked).toEqual([NAMES.prefix]);
});

test('without removed queues it is 0', async () => {
  const { run, values, logged } = given({ 'Mailover-MailoverQueuesRetrysesA-1': 50 });
  await run();
  expect([values, logged]).toEqual([[['RemovedQueueMail', 0]], []]);
});

test('a service that does not answer leaves no value, and the other checks run', async () => {
  const { run, values, logged } = given(new Error('refused'));
  await run();
  expect(values).toEqual([]);
  expect(logged).toEqual(['queues of removed providers not known']);
});
