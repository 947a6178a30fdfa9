import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { PostedForm } from '../../mail/form.ts';
import type { Secret } from '../../platform/secrets.ts';
import { fieldsOf, jsonOf } from '../event-fields.ts';
import type { Authentication, Refusal, WebhookRequest } from '../webhook.ts';

/** The three values of a signature, as posted. Their syntax is not checked yet. */
export interface Signature {
  readonly timestamp: string;
  readonly token: string;
  readonly signature: string;
}

// Largest age of an accepted signature, in milliseconds. Mailgun retries for 8 hours (documentation.mailgun.com, receive-http,
// 2026-11-25). Third parties report that a retry has the signature of the first request (hookdeck/webhook-skills, seen
// 2026-11-25). A limit of one day also allows for mail that waits in Mailgun's own queue.
const MAX_AGE_MS = 24 * 3_600_000;
const MAX_AHEAD_MS = 15 * 60_000;

/**
 * Returns the reason why a signature is invalid. Returns undefined if the signature was made with one of the secret's keys, and
 * its timestamp is at most one day old and at most 15 minutes in the future.
 */
export function signatureProblem(
  { timestamp, token, signature }: Signature,
  secret: Secret,
  now: number,
): Refusal['reason'] | undefined {
  const keys = [secret['signingKey'], secret['previousSigningKey']].filter((key) => key !== undefined && key !== '');
  if (keys.length === 0) return 'no-key';
  if (!timestamp || !token || !signature) return 'missing';
  if (!/^\d{1,12}$/.test(timestamp) || token.length > 200 || !/^[0-9a-f]{64}$/i.test(signature)) return 'wrong';
  const given = Buffer.from(signature, 'hex');
  // Every key is tried, even after a match, so that the duration of the check does not show which key matches.
  const matches = keys.map((key) =>
    timingSafeEqual(
      given,
      createHmac('sha256', key as string)
        .update(timestamp)
        .update(token)
        .digest(),
    ),
  );
  if (!matches.includes(true)) return 'wrong';
  const age = now - Number(timestamp) * 1000;
  if (age > MAX_AGE_MS) return 'stale';
  return age < -MAX_AHEAD_MS ? 'early' : undefined;
}

/**
 * Returns a hash of a posted form: of the names, file names, types and values of all fields except the signature's. The order of
 * fields with the same name changes the hash. The multipart boundary and the order of fields with different names do not, since
 * both may change in a retry.
 */
export function formHash({ fields, rest = '' }: PostedForm): string {
  const hash = createHash('sha256').update(rest);
  const byName = fields
    .filter(({ name }) => !SIGNED_FIELDS.has(name))
    // Fields with the same name keep their order, since the sort is stable.
    .toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  for (const { name, filename = '', contentType = '', value } of byName)
    hash.update(JSON.stringify([name, filename, contentType, value.length])).update(value);
  return hash.digest('base64url');
}

const SIGNED_FIELDS: ReadonlySet<string> = new Set(['timestamp', 'token', 'signature']);

/**
 * Authenticates a JSON request, such as the request of an event webhook, by the signature in the JSON (documentation.mailgun.com,
 * user-manual/webhooks, 2026-11-23). The function `read` gets the parsed JSON.
 */
export function authenticateJson<Content>(
  { body }: WebhookRequest,
  secret: Secret,
  now: number,
  read: (posted: Readonly<Record<string, unknown>>) => Content,
): Authentication<Content> {
  const json = jsonOf(body);
  if ('problem' in json) return { kind: 'refused', reason: 'missing' };
  const posted = fieldsOf(json.value);
  const { timestamp, token, signature } = fieldsOf(posted['signature']);
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  const given = { timestamp: text(timestamp), token: text(token), signature: text(signature) };
  const reason = signatureProblem(given, secret, now);
  if (reason !== undefined) return { kind: 'refused', reason };
  return {
    kind: 'genuine',
    once: { token: given.token, content: createHash('sha256').update(body).digest('base64url') },
    read: () => read(posted),
  };
}
