import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ReceivedLog } from './received-log.ts';
import type { LocalReceiving } from './receiving.ts';
import { MAILGUN_FORMS } from './simulators/inbound/mailgun-wire.ts';
import type { Received } from './simulators/inbound/receiving.ts';

/** What these routes read; absent while the stack starts. */
export interface InboundSources {
  receiving(): LocalReceiving | undefined;
  received(): ReceivedLog | undefined;
}

/** A mail of 40 MB in base64, with room around it. */
const BODY_LIMIT = 64 * 1024 * 1024;

const receptionSchema = z.strictObject({
  /** The mail as received, in base64. */
  raw: z.base64(),
  from: z.string().nullable(),
  to: z.array(z.string().min(1)).min(1),
  form: z.enum(MAILGUN_FORMS).optional(),
  withRaw: z.boolean().optional(),
  previous: z.boolean().optional(),
  ageSeconds: z.number().optional(),
  hold: z.enum(['blocked', 'lost']).optional(),
});

interface ByKey {
  Params: { key: string };
}

/** Routes about received mail: lets a simulated provider receive one, tells how it fares, and lists what reached the queue. */
export function addInbound(app: FastifyInstance, { receiving, received }: InboundSources): void {
  app.get<{ Querystring: { limit?: string } }>(
    '/api/received',
    async ({ query }) => received()?.list(/^\d{1,9}$/.test(query.limit ?? '') ? Number(query.limit) : undefined) ?? [],
  );
  app.delete('/api/received', async (_request, reply) => {
    received()?.clear();
    return reply.code(204).send();
  });
  app.post<ByKey>('/api/providers/:key/inbound', { bodyLimit: BODY_LIMIT }, async ({ params, body }, reply) => {
    const access = receiving()?.access[params.key];
    if (access === undefined) return reply.code(404).send({ error: `No provider ${params.key} receives mail here.` });
    const parsed = receptionSchema.safeParse(parse(body));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return reply
        .code(400)
        .send({ error: `The mail cannot be received: ${issue?.path.join('.')} ${issue?.message}.` });
    }
    const { raw, from, to, form, withRaw, previous, ageSeconds, hold } = parsed.data;
    const options = {
      ...(form && { form }),
      ...(withRaw && { raw: withRaw }),
      ...(previous && { previous }),
      ...(ageSeconds !== undefined && { ageSeconds }),
      ...(hold && { hold }),
    };
    const bytes = Buffer.from(raw, 'base64');
    // One reception for each recipient, as the routes of Mailgun run; Postmark posts for each of its addresses too.
    const taken = await Promise.all(
      to.map((recipient) => access.receiving.take({ raw: bytes, from, to: recipient }, options)),
    );
    return reply.code(202).send(taken.map(view));
  });
  app.get<ByKey & { Querystring: { id?: string } }>('/api/providers/:key/inbound', async ({ params, query }, reply) => {
    const access = receiving()?.access[params.key];
    if (access === undefined) return reply.code(404).send({ error: `No provider ${params.key} receives mail here.` });
    return access.receiving
      .list()
      .filter(({ id }) => query.id === undefined || query.id === id)
      .map(view);
  });
}

function view({ id, at, mail, status, tries }: Received) {
  return { id, at: new Date(at).toISOString(), from: mail.from, to: mail.to, status, tries };
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    return undefined;
  }
}
