import Fastify from 'fastify';
import { afterAll, expect, it } from 'vitest';
import { ApiError } from '../../../local/api/error.ts';
import { addInbound } from '../../../local/api/inbound.ts';
import { ReceivedLog } from '../../../local/api/received-log.ts';
import { createMessage, S3StoreClass } from '../../../local/aws/fauxqs.ts';
import { LocalQueues } from '../../../local/aws/queue.ts';
import { StackClock } from '../../../local/clock.ts';
import type { LocalReceiving } from '../../../local/simulators/start-receiving.ts';

const queue = new LocalQueues(new StackClock()).add('inbound', {
  MessageRetentionPeriod: '60',
  VisibilityTimeout: '30',
});
const log = new ReceivedLog(queue, new S3StoreClass());
for (const id of ['a', 'b', 'c'])
  queue.enqueue(createMessage(JSON.stringify({ id, provider: 'ses', envelope: { to: ['box@in.example.com'] } }), {}));
const receiving = { access: {}, info: { ses: { url: 'http://127.0.0.1:4700/api/providers/ses/mail' } } };
const app = Fastify();
addInbound(app, {
  receiving: () => receiving as unknown as LocalReceiving,
  received: () => log,
  ses: () => {
    throw new ApiError(500, 'not used here');
  },
});
afterAll(() => app.close());

it('lists received mail by pages', async () => {
  const ids = async (query: string) =>
    ((await app.inject(`/api/received${query}`)).json() as { id: string }[]).map(({ id }) => id);
  expect(await ids('')).toEqual(['a', 'b', 'c']);
  expect(await ids('?limit=2')).toEqual(['b', 'c']);
  expect(await ids('?limit=2&before=c')).toEqual(['a', 'b']);
  expect(await ids('?before=a')).toEqual([]);
});

it.each([
  ['GET', '/api/received?before=UNKNOWN', 400, 'before is "UNKNOWN"; it must be the id of a message in the list'],
  ['GET', '/api/received?limit=many', 400, 'limit is "many"; it must be a whole number from 1 to 1000.'],
  ['GET', '/api/received/x', 404, 'There is no message "x" among the last 1000 of the inbound queue.'],
  [
    'POST',
    '/api/providers/ses/inbound',
    404,
    'its mail comes in by POST http://127.0.0.1:4700/api/providers/ses/mail?',
  ],
  ['GET', '/api/providers/none/inbound', 404, 'Provider "none" receives no mail here; these do: ses.'],
  ['POST', '/api/providers/ses/mail', 400, 'Post a raw mail, with ?from=…&to=… for its envelope'],
] as const)('answers %s %s with %i, and what would be right', async (method, url, status, message) => {
  const answer = await app.inject({ method, url });
  expect(answer.statusCode).toBe(status);
  expect((answer.json() as { message: string }).message).toContain(message);
});
