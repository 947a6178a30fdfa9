import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { PostedForm } from '../../mail/form.ts';
import type { Secret } from '../../platform/secrets.ts';
import { fieldsOf, jsonOf } from '../event-fields.ts';
import type { Authentication, Refusal, WebhookRequest } from '../webhook.ts';

/** The three values of a signature; each of them may be anything. */
export interface Signature {
  readonly timestamp: string;
  readonly token: string;
  readonly signature: string;
}

// Retries are sent for 8 hours, those by third-party accounts with the first signature (documentation.mailgun.com,
// receive-http, 2026-11-25; hookdeck/webhook-skills, seen 2026-11-25). A day leaves time for Mailgun's own queue.
const MAX_AGE_MS = 24 * 3_600_000;
const MAX_AHEAD_MS = 15 * 60_000;

/** Why a signature is invalid; undefined if it was made with one of the secret's keys and its time is right. */
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
  // Every key is tried, whatever the results, so that the duration reveals nothing.
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
 * Hash of a posted form: names, file names, types and values, in order for fields of one name. The boundary and the order
 * of different names may change in a retry.
 */
export function formHash({ fields, rest = '' }: PostedForm): string {
  const hash = createHash('sha256').update(rest);
  const byName = fields
    .filter(({ name }) => !SIGNED_FIELDS.has(name))
    // The sort is stable.
    .toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  for (const { name, filename = '', contentType = '', value } of byName)
    hash.update(JSON.stringify([name, filename, contentType, value.length])).update(value);
  return hash.digest('base64url');
}

const SIGNED_FIELDS: ReadonlySet<string> = new Set(['timestamp', 'token', 'signature']);

/**
 * Checks a request of an event webhook, JSON with the signature inside; `read` gets its content
 * (documentation.mailgun.com, user-manual/webhooks, 2026-11-23).
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
