import { randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { isolate, release } from '../../lambda/circuit/operator-switch.ts';
import type { Table } from '../../lambda/platform/table.ts';
import { type ConsoleSources, consoleState, layoutOf } from './console-state.ts';
import { copiesOf, enqueueAll } from './enqueue.ts';
import { ApiError, parseBody } from './error.ts';

/**
 * Default number of minutes that a graph shows. The minutes are measured by the clock of the local stack, which may run faster
 * than real time.
 */
const SHOWN_MINUTES = 60;
const MOST_MINUTES = 24 * 60;

/**
 * Adds the routes that only the console page uses. They are not part of the public API: their answers may change whenever the
 * page changes.
 */
export function addConsoleApi(
  app: FastifyInstance,
  sources: ConsoleSources & { /** The state table; undefined while the stack starts. */ state(): Table | undefined },
): void {
  app.get('/api/console/layout', async () => layoutOf(sources));
  app.get<{ Querystring: { batch?: string } }>('/api/console/state', ({ query: { batch } }) =>
    consoleState(sources, batch),
  );
  app.get<{ Querystring: { minutes?: string } }>('/api/console/graphs', async ({ query }) => {
    const minutes = Math.min(MOST_MINUTES, Math.max(5, Math.round(Number(query.minutes) || SHOWN_MINUTES)));
    const { clock, monitoring, drawing } = sources;
    return { minutes, widgets: drawing()?.graphs.draw(monitoring.store, clock.now(), minutes) ?? {} };
  });
  app.get<{ Params: { '*': string } }>(
    '/api/console/mails/*',
    async ({ params }) => (await sources.accepted()?.of(params['*'])) ?? [],
  );
  addHtml(app, sources);
  addSending(app, sources);
  addSwitches(app, sources);
}

/**
 * Serves the HTML of a mail for a frame of the page. The document can neither run scripts nor load anything from a network,
 * whatever attributes the frame has. Inline styles are allowed, since mail has no other styles.
 */
function addHtml(app: FastifyInstance, { accepted }: ConsoleSources): void {
  app.get<{ Params: { place: string } }>('/api/console/mail/:place/html', async ({ params }, reply) => {
    const entry = await accepted()?.at(Number(params.place));
    if (entry?.html === undefined) throw new ApiError(404, 'This mail has no HTML.');
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      })
      .send(entry.html);
  });
}

const Wanted = z.strictObject({
  count: z.int().min(1).max(1_000).default(1),
  to: z.string().min(3).max(320).default('ada@example.org'),
  subject: z.string().max(500).default('Hello from the console'),
  html: z.string().max(100_000).optional(),
});

/** Adds the route that puts mail on the outbound queue through SQS, as a producer does. */
function addSending(app: FastifyInstance, { info }: ConsoleSources): void {
  app.post('/api/console/mail', async ({ body }) => {
    const wanted = Wanted.safeParse(parseBody(body));
    if (!wanted.success) throw new ApiError(400, z.prettifyError(wanted.error));
    const { queues, endpoints, ready } = info();
    if (!ready || queues.outbound === undefined) throw new ApiError(503, 'The stack is still starting.');
    const { count, to, subject, html } = wanted.data;
    const batch = `console-${randomUUID().slice(0, 8)}-`;
    const submission = {
      version: 1,
      id: `${batch}${count === 1 ? '1' : 'n'}`,
      from: { name: 'Mailover console', address: 'console@example.com' },
      to: [to],
      subject,
      text: 'This mail was sent with the console of the local stack.\n',
      html: html ?? '<p>This mail was sent with the <b>console</b> of the local stack.</p>',
    };
    const sqs = new SQSClient({
      endpoint: endpoints.aws,
      region: 'us-east-1',
      credentials: { accessKeyId: 'console', secretAccessKey: 'console' },
    });
    try {
      const target = { sqs, outboundUrl: queues.outbound };
      const ids = await enqueueAll(target, copiesOf(submission, count), () => {});
      return { batch, count: ids.length };
    } finally {
      sqs.destroy();
    }
  });
}

/** Duration of an isolation, in milliseconds by the clock of the local stack. */
const ISOLATION_MS = 3_600_000;

/**
 * Adds the routes that isolate a provider and end its isolation. They have the same effect as `npm run isolate` and `npm run
 * release`.
 */
function addSwitches(
  app: FastifyInstance,
  { info, state, clock }: ConsoleSources & { state(): Table | undefined },
): void {
  const tableFor = (key: string): Table => {
    const table = state();
    if (table === undefined || !info().providers.some((provider) => provider.key === key))
      throw new ApiError(404, `There is no provider ${JSON.stringify(key)} here, or no state table.`);
    return table;
  };
  const path = '/api/console/providers/:key/isolation';
  app.put<{ Params: { key: string } }>(path, async ({ params: { key } }, reply) => {
    const wanted = { reason: 'set on the console', who: 'console', forMs: ISOLATION_MS / clock.scale };
    await isolate(tableFor(key), key, wanted, Date.now());
    return reply.code(204).send();
  });
  app.delete<{ Params: { key: string } }>(path, async ({ params: { key } }, reply) => {
    await release(tableFor(key), key, 'console', Date.now());
    return reply.code(204).send();
  });
}
