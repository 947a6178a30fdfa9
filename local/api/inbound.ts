import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { defined } from '../../lambda/platform/defined.ts';
import type { MailToSes, receiveAsSes } from '../aws/ses-rules.ts';
import type { Received } from '../simulators/inbound/posting.ts';
import type { LocalReceiver } from '../simulators/inbound/receiving.ts';
import type { LocalReceiving } from '../simulators/start-receiving.ts';
import { ApiError, limitOf, parseBody } from './error.ts';
import { MOST_KEPT, type ReceivedLog } from './received-log.ts';

/**
 * Sources of the data for the routes about received mail. While the stack starts, `receiving` and `received` return undefined.
 */
export interface InboundSources {
  receiving(): LocalReceiving | undefined;
  received(): ReceivedLog | undefined;
  /** Receives a mail as SES does. Returns undefined if no receipt rule of SES matches a recipient. */
  ses(mail: MailToSes): ReturnType<typeof receiveAsSes>;
}

/** Largest request body in bytes: enough for a mail of 40 MB in base64. */
const BODY_LIMIT = 64 * 1024 * 1024;

const receptionSchema = z.strictObject({
  /** The raw mail in base64. */
  raw: z.base64(),
  from: z.string().nullable(),
  to: z.array(z.string().min(1)).min(1),
  form: z.string().optional(),
  previous: z.boolean().optional(),
  ageSeconds: z.number().optional(),
  hold: z.enum(['blocked', 'lost']).optional(),
});

interface ByKey {
  Params: { key: string };
}

/**
 * Adds the routes about received mail. With these routes a caller makes a simulated provider receive a mail, and reads the
 * provider's attempts to post this mail and the messages of the inbound queue.
 */
export function addInbound(app: FastifyInstance, { receiving, received, ses }: InboundSources): void {
  app.register((scope, _options, done) => {
    addSes(scope, ses);
    done();
  });
  app.get<{ Querystring: { limit?: string; before?: string } }>('/api/received', async ({ query }) => {
    const page = received()?.list(limitOf(query.limit, MOST_KEPT, MOST_KEPT), query.before);
    if (page) return page;
    if (query.before === undefined) return [];
    throw new ApiError(
      400,
      `before is ${JSON.stringify(query.before)}; it must be the id of a message in the list, which has the last ${MOST_KEPT}.`,
    );
  });
  app.get<{ Params: { id: string } }>('/api/received/:id', async ({ params: { id } }) => {
    const message = received()?.message(id);
    if (message) return message;
    throw new ApiError(
      404,
      `There is no message ${JSON.stringify(id)} among the last ${MOST_KEPT} of the inbound queue.`,
    );
  });
  app.delete('/api/received', async (_request, reply) => {
    received()?.clear();
    return reply.code(204).send();
  });
  const accessOf = (key: string): LocalReceiver => {
    const { access = {}, info = {} } = receiving() ?? {};
    const found = access[key];
    if (found) return found;
    const url = info[key]?.url;
    throw new ApiError(
      404,
      url === undefined
        ? `Provider ${JSON.stringify(key)} receives no mail here; these do: ${Object.keys(info).join(', ') || 'none, since none has `inbound`'}.`
        : `Provider ${JSON.stringify(key)} posts no mail: its mail comes in by POST ${url}?from=…&to=…, as a raw mail.`,
    );
  };
  app.post<ByKey>('/api/providers/:key/inbound', { bodyLimit: BODY_LIMIT }, async ({ params, body }, reply) => {
    const access = accessOf(params.key);
    const parsed = receptionSchema.safeParse(parseBody(body));
    if (!parsed.success) throw new ApiError(400, `The mail cannot be received: ${z.prettifyError(parsed.error)}`);
    const { raw, from, to, form, previous, ageSeconds, hold } = parsed.data;
    const { forms } = access.receiving.type;
    if (form !== undefined && !forms.includes(form))
      throw new ApiError(400, `${params.key} posts mail as ${forms.join(', ')}, not as ${JSON.stringify(form)}.`);
    const options = defined({ form: form || undefined, previous: previous || undefined, ageSeconds, hold });
    const bytes = Buffer.from(raw, 'base64');
    // The provider receives the mail once for each recipient, since real providers also post a mail once for each recipient.
    const accepted = await Promise.all(
      to.map((recipient) => access.receiving.take({ raw: bytes, from, to: recipient }, options)),
    );
    return reply.code(202).send(accepted.map(view));
  });
  app.get<ByKey & { Querystring: { id?: string } }>('/api/providers/:key/inbound', async ({ params, query }) =>
    accessOf(params.key)
      .receiving.list()
      .filter(({ id }) => query.id === undefined || query.id === id)
      .map(view),
  );
}

/**
 * Adds the route that accepts raw mail, as from another mail server, for a provider that receives mail through receipt rules of
 * SES. The route has a Fastify scope of its own, since its bodies are bytes. The bodies of all other routes are text.
 */
function addSes(app: FastifyInstance, ses: InboundSources['ses']): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post<ByKey & { Querystring: { from?: string; to?: string | string[] } }>(
    '/api/providers/:key/mail',
    { bodyLimit: BODY_LIMIT },
    async ({ query: { from = '', to = [] }, body }) => {
      const recipients = [to].flat().filter((address) => address.includes('@'));
      if (recipients.length === 0 || !Buffer.isBuffer(body))
        throw new ApiError(400, 'Post a raw mail, with ?from=…&to=… for its envelope; `to` may be repeated.');
      const accepted = ses({ raw: body, from: from.trim().replace(/^<(.*)>$/, '$1'), to: recipients });
      if (accepted) return accepted;
      // SES gives this reply to the other mail server if no receipt rule matches the address.
      throw new ApiError(404, '550 5.1.1 Requested action not taken: no receipt rule is for this recipient.');
    },
  );
}

function view({ id, at, mail, status, tries }: Received) {
  return { id, at: new Date(at).toISOString(), from: mail.from, to: mail.to, status, tries };
}
