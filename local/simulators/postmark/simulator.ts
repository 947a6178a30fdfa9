import { defined } from '../../../lambda/platform/defined.ts';
import type { PostmarkOptions } from '../../../lambda/providers/postmark/options.ts';
import type { StackClock } from '../../clock.ts';
import type { Report } from '../events/reporter.ts';
import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { jsonBody } from '../json-body.ts';
import { reportPostmark } from './events.ts';
import { postmarkFailure } from './failure.ts';
import { type PostmarkMail, readPostmarkMail, searchablePostmarkText } from './mail.ts';
import { PostmarkMessages } from './messages.ts';
import { sendPostmarkMail } from './send.ts';
import { PostmarkSuppressions } from './suppressions.ts';

// Source of the limits: postmarkapp.com/support/article/1056-what-are-the-attachment-and-email-size-limits, collected 2026-11-23.
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_BATCH_BYTES = 50 * 1024 * 1024;
const MAX_BATCH = 500;
const STREAM = /^\/message-streams\/([^/]+)$/;
/** Server token with which Postmark validates mail but does not send it (Postmark sandbox mode page, collected 2026-11-23). */
const TEST_TOKEN = 'POSTMARK_API_TEST';

/** Simulates Postmark's API: email, email/batch, search of messages, server, message streams and suppressions. */
export function postmarkBehaviour(
  options: PostmarkOptions,
  secret: Readonly<Record<string, string>>,
  clock: StackClock,
  report: Report,
): HttpBehaviour {
  const streams = new Set(['outbound', options.messageStream ?? 'outbound']);
  const suppressions = new PostmarkSuppressions(streams);
  const messages = new PostmarkMessages(clock);
  const send = (mail: PostmarkMail, token: string) => {
    const result = sendPostmarkMail(mail, { streams, suppressions, test: token === TEST_TOKEN });
    if (result.taken) {
      const { providerMessageId, envelope } = result.taken;
      messages.take(mail, providerMessageId, envelope.to);
      reportPostmark(mail, providerMessageId, envelope.to, { clock, report, suppressions });
    }
    return result;
  };

  const one = ({ body }: SimulatorRequest, token: string): SimulatorAnswer => {
    if (body.length > MAX_BYTES) return tooLarge(MAX_BYTES);
    const item = jsonBody(body);
    if (item === undefined) return postmarkFailure(422, 402, 'Received invalid JSON input.');
    const mail = readPostmarkMail(item, body);
    if (typeof mail === 'string') return postmarkFailure(422, 403, mail);
    const { status, reply, taken } = send(mail, token);
    return { status, body: reply, ...defined({ taken: taken && [taken] }) };
  };

  const batch = ({ body }: SimulatorRequest, token: string): SimulatorAnswer => {
    if (body.length > MAX_BATCH_BYTES) return tooLarge(MAX_BATCH_BYTES);
    const items = jsonBody(body);
    if (!Array.isArray(items)) return postmarkFailure(422, 402, 'Received invalid JSON input.');
    if (items.length > MAX_BATCH) return postmarkFailure(422, 410, `Too many messages: at most ${MAX_BATCH}.`);
    const results = items.map((item) => {
      const mail = readPostmarkMail(item, body);
      return typeof mail === 'object'
        ? send(mail, token)
        : { reply: { ErrorCode: 403, Message: mail }, taken: undefined };
    });
    const taken = results.flatMap((result) => result.taken ?? []);
    return { status: 200, body: results.map(({ reply }) => reply), taken };
  };

  return {
    clear: () => suppressions.clear(),
    occasionOf: (_method, path) =>
      path.startsWith('/email') ? 'send' : path.startsWith('/messages/outbound') ? 'lookup' : 'health',
    async textOf({ body }) {
      const parsed: unknown = jsonBody(body);
      return (Array.isArray(parsed) ? parsed : [parsed]).map(searchablePostmarkText).join('\n');
    },
    async answer(request) {
      const { method, path, headers } = request;
      const token = headers['x-postmark-server-token'];
      if (typeof token !== 'string')
        return postmarkFailure(401, 10, 'No Account or Server API tokens were supplied in the HTTP headers.');
      if (token !== secret['serverToken'] && token !== TEST_TOKEN)
        return postmarkFailure(401, 10, 'The Server Token you provided in the request header was invalid.');
      if (method === 'GET' && path === '/messages/outbound') return messages.answer(request.query);
      if (method === 'GET' && path === '/server') return { status: 200, body: server() };
      const stream = method === 'GET' ? STREAM.exec(path)?.[1] : undefined;
      if (stream !== undefined)
        return streams.has(stream)
          ? { status: 200, body: messageStream(stream) }
          : postmarkFailure(422, 1226, "The message stream for the provided 'ID' was not found.");
      if (method === 'POST' && !headers['content-type']?.includes('application/json'))
        return postmarkFailure(415, 409, 'The Content-Type header must be application/json.');
      if (method === 'POST' && path === '/email') return one(request, token);
      if (method === 'POST' && path === '/email/batch') return batch(request, token);
      return (
        suppressions.answer(method, path, request.query, jsonBody(request.body)) ?? { status: 404, body: 'Not Found' }
      );
    },
  };
}

function tooLarge(limit: number): SimulatorAnswer {
  // The HTTP status is 413, but the ErrorCode is 300: in Postmark's list of errors, ErrorCode 413 means that the account may not
  // send.
  return postmarkFailure(413, 300, `The request is larger than ${limit} bytes.`);
}

function server() {
  return {
    ID: 1,
    Name: 'Mailover local',
    Color: 'green',
    SmtpApiActivated: true,
    RawEmailEnabled: false,
    DeliveryType: 'Live',
    InboundSpamThreshold: 0,
    TrackOpens: false,
    TrackLinks: 'None',
  };
}

function messageStream(ID: string) {
  return {
    ID,
    ServerID: 1,
    Name: ID,
    Description: null,
    MessageStreamType: 'Transactional',
    CreatedAt: '2026-01-01T00:00:00Z',
    UpdatedAt: null,
    ArchivedAt: null,
    ExpectedPurgeDate: null,
    SubscriptionManagementConfiguration: { UnsubscribeHandlingType: 'None' },
  };
}
