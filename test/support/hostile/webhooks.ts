import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { StackInfo } from '../../../local/api/stack-info.ts';
import { encodeForm, type PostedField } from '../../../local/simulators/inbound/form.ts';
import { signPost } from '../../../local/simulators/mailgun/webhook.ts';
import { type Pick, PLANT } from './submissions.ts';

/** A request to a webhook of received mail, and its expected result. */
export interface Webhook {
  readonly method: string;
  readonly path: string;
  readonly body: string | Buffer;
  readonly headers: Readonly<Record<string, string>>;
  /** Expected HTTP statuses. The answer must have one of them. */
  readonly statuses: readonly number[];
  /** Recipient of the mail, set if the request has a valid signature or password. The mail to this recipient must then arrive. */
  readonly to?: string;
}

/** Returns a webhook request with strange content. Some of these requests have valid credentials of a provider. */
export function strangeWebhook(inbound: StackInfo['inbound'], place: number, pick: Pick): Webhook {
  const mailgun = inbound['mailgun'] ?? {};
  const postmark = inbound['postmark'] ?? {};
  const basic = `Basic ${Buffer.from(`${postmark['username']}:${postmark['password']}`).toString('base64')}`;
  const to = `box+${place}@in.example.com`;
  const now = Math.floor(Date.now() / 1000);
  const evil = pick([
    PLANT,
    `${PLANT}\r\nX: ${PLANT}`,
    '\u0000',
    '\ud800',
    '['.repeat(1_000),
    '__proto__',
    '=?utf-8?q?=',
    `<${PLANT}@example.org>`,
  ]);
  const form = (key: string, more: readonly PostedField[]) =>
    encodeForm([
      ['recipient', to],
      ['sender', `${PLANT}@example.org`],
      ['subject', evil],
      ['from', `${PLANT} <${PLANT}@example.org>`],
      ['body-plain', evil],
      ...more,
      ...Object.entries(signPost(key, now)),
    ]);
  const mime = `Message-ID: <${place}.${PLANT}@example.org>\r\nFrom: ${PLANT} <${PLANT}@example.org>\r\nSubject: ${PLANT}\r\nX-Evil: ${evil}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(place % 500)}`;
  const own = mailgun['signingKey'] ?? '';
  const at = (path = '', body: string | Buffer, headers: Record<string, string>, statuses: readonly number[]) => ({
    method: 'POST',
    path,
    body,
    headers,
    statuses,
  });
  const posted = (path: string | undefined, key: string, more: readonly PostedField[], status: number) => {
    const { body, contentType } = form(key, more);
    return at(path, body, { 'content-type': contentType }, [status]);
  };
  const toPostmark = (body: string, authorization: string, ...statuses: number[]) =>
    at(postmark.path, body, { 'content-type': 'application/json', authorization }, statuses);
  switch (pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])) {
    case 0: {
      const headers = `[["Message-Id","<${place}@example.org>"],["${PLANT}",${JSON.stringify(evil)}]]`;
      return {
        ...posted(
          mailgun.path,
          own,
          [
            [evil, evil],
            ['message-headers', headers],
          ],
          200,
        ),
        to,
      };
    }
    case 1:
      return { ...posted(mailgun['mimePath'], own, [['body-mime', mime]], 200), to };
    case 2:
      // Returns a request that is signed with a wrong key or with an empty key.
      return posted(mailgun.path, pick(['', PLANT, own.toUpperCase(), own.slice(1)]), [['body-mime', mime]], 401);
    case 3: {
      const Headers = [
        { Name: 'Message-ID', Value: `<${place}@example.org>` },
        { Name: PLANT, Value: evil },
        { Name: null, Value: 7 },
      ];
      const Attachments = pick<unknown>([[], 'none', [{ Name: evil, Content: evil }]]);
      const texts = { From: evil, Subject: evil, TextBody: evil, [PLANT]: evil };
      const body = { OriginalRecipient: to, MessageID: `m${place}`, ...texts, Headers, Attachments };
      return { ...toPostmark(JSON.stringify(body), basic, 200), to };
    }
    case 4: {
      const bodies = [
        '['.repeat(100_000),
        '{"b":'.repeat(50_000),
        'null',
        '',
        `{"${PLANT}":`,
        '{"OriginalRecipient":{}}',
      ];
      return toPostmark(pick(bodies), basic, 200, 422);
    }
    case 5: {
      const nameless = `Basic ${Buffer.from(`:${postmark['password']}`).toString('base64')}`;
      const wrong = ['', `Basic ${PLANT}`, `Bearer ${PLANT}`, basic.slice(0, -4), basic.toUpperCase(), nameless];
      return toPostmark(JSON.stringify({ OriginalRecipient: to }), pick(wrong), 401);
    }
    case 6: {
      const key = pick(['mailgun', 'postmark', 'ses', 'own-mta', PLANT, '..', '%2e%2e', '__proto__', 'constructor']);
      const rest = pick([PLANT, 'x', '..%2f..', '%00', 'a'.repeat(2_000)]);
      return at(`/inbound/${key}/${rest}`, 'x', { authorization: basic }, [400, 401, 404]);
    }
    case 7: {
      const method = pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD']);
      return { ...at(postmark.path, '', { authorization: basic }, [404, 405]), method };
    }
    case 8: {
      const types = ['multipart/form-data', 'multipart/form-data; boundary=', `multipart/form-data; boundary=${PLANT}`];
      const type = pick([...types, 'application/x-www-form-urlencoded', 'text/html', '']);
      return at(mailgun.path, randomBytes(5_000), { 'content-type': type }, [401]);
    }
    default:
      return at(postmark.path, 'x', { [PLANT]: PLANT, cookie: 'a'.repeat(20_000) }, [431]);
  }
}

/**
 * Sends a webhook request. As a provider does, repeats the request after an answer 500 or 503, which means a failure of Mailover
 * itself, for example on a busy machine, and after 429.
 */
export async function post(http: string, webhook: Webhook): Promise<number | undefined> {
  for (let tries = 1; ; tries++) {
    const status = await statusOf(http, webhook);
    if (tries === MOST_TRIES || ![429, 500, 503].includes(status ?? 0)) return status;
    await pause(500);
  }
}

const MOST_TRIES = 60;

/** Returns the status of the answer. Returns undefined if the server closes the connection before the whole request was sent. */
function statusOf(http: string, { method, path, body, headers }: Webhook): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request(new URL(http), { path, method, headers, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    asking.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(undefined) : reject(error),
    );
    asking.end(body);
  });
}
