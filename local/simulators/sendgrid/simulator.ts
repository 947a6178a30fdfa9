import { randomBytes } from 'node:crypto';
import type { StackClock } from '../../clock.ts';
import { SimulatedList } from '../events/provider-list.ts';
import type { Report } from '../events/reporter.ts';
import type { HttpBehaviour, SimulatorAnswer, SimulatorRequest } from '../http-simulator.ts';
import { jsonBody } from '../json-body.ts';
import { errorsOf, identityError } from './check.ts';
import { reportSendgrid } from './events.ts';
import { readSendgridMail, type SendgridError, searchableSendgridText, sendgridTaking } from './mail.ts';
import { listAnswer } from './suppressions.ts';

// A request must be smaller than 30 MB (docs.sendgrid.com/api-reference/mail-send/limitations, 2026-11-28).
const MAX_BYTES = 30 * 1024 * 1024;

/**
 * Simulates SendGrid's API: Mail Send, the scopes of the API key, the credits of the account, and the account's suppression
 * lists.
 */
export function sendgridBehaviour(
  secret: Readonly<Record<string, string>>,
  clock: StackClock,
  report: Report,
): HttpBehaviour {
  const list = new SimulatedList();
  return {
    clear: () => list.clear(),
    occasionOf: (_method, path) => (path === '/v3/mail/send' ? 'send' : 'health'),
    textOf: async ({ body }) => searchableSendgridText(jsonBody(body)),
    async answer(request) {
      const { method, path, headers, body } = request;
      const [scheme, key] = headers.authorization?.split(' ') ?? [];
      if (scheme?.toLowerCase() !== 'bearer') return refusal(401, { message: 'authorization required' });
      if (key !== secret['apiKey'])
        return refusal(401, { message: 'The provided authorization grant is invalid, expired, or revoked' });
      if (method === 'GET' && path === '/v3/scopes')
        return { status: 200, body: { scopes: ['mail.batch.create', 'mail.send', 'user.credits.read'] } };
      if (method === 'GET' && path === '/v3/user/credits') return { status: 200, body: credits() };
      const listed = listAnswer(request, list);
      if (listed) return listed;
      if (path !== '/v3/mail/send') return refusal(404, { message: 'not found' });
      if (method !== 'POST') return refusal(405, { message: 'method not allowed' });
      if (!headers['content-type']?.includes('application/json'))
        return refusal(415, { message: 'unsupported media type' });
      return send(body, { list, clock, report });
    },
  };
}

function send(
  body: SimulatorRequest['body'],
  reporting: { readonly list: SimulatedList; readonly clock: StackClock; readonly report: Report },
): SimulatorAnswer {
  if (body.length >= MAX_BYTES) return refusal(413, { message: 'content too large' });
  const parsed = jsonBody(body);
  if (parsed === undefined) return refusal(400, { message: 'Bad Request' });
  const mail = readSendgridMail(parsed);
  if (!('personalizations' in mail)) return refusal(400, ...mail);
  const errors = errorsOf(mail);
  if (errors.length > 0) return refusal(400, ...errors);
  const identity = identityError(mail);
  if (identity) return refusal(403, identity);
  // In sandbox mode SendGrid validates a mail but does not send it.
  if (mail.mail_settings.sandbox_mode?.enable) return { status: 200, body: '' };
  const id = randomBytes(16).toString('base64url');
  const taken = mail.personalizations.flatMap((copy) => sendgridTaking(mail, copy, id, body) ?? []);
  for (const copy of mail.personalizations) reportSendgrid(mail, copy, id, reporting);
  return { status: 202, headers: { 'X-Message-Id': id }, body: '', taken };
}

function refusal(
  status: number,
  ...errors: readonly (Pick<SendgridError, 'message'> & Partial<SendgridError>)[]
): SimulatorAnswer {
  return { status, body: { errors: errors.map((error) => ({ field: null, help: null, ...error })) } };
}

function credits() {
  return {
    remain: 49_000,
    total: 50_000,
    overage: 0,
    used: 1_000,
    last_reset: '2026-11-01',
    next_reset: '2026-12-01',
    reset_frequency: 'monthly',
  };
}
