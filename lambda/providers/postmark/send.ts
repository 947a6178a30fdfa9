import { ServerClient } from 'postmark';
import type { PostmarkOptions } from '../../contract/providers.ts';
import { type AttemptResult, AUTHENTICATION, type Outcome } from '../../mail/outcome.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { watchWire } from '../wire.ts';
import { answerOf, classify, inactiveAmong, namesInactive } from './classify.ts';
import { emailOf } from './email.ts';
import { createWireFetch } from './fetch.ts';
import { health } from './health.ts';
import { lookup } from './lookup.ts';

/** A provider that sends over one Postmark server (a token and its message stream). */
export function create({ options, secret, endpoint }: ProviderContext<PostmarkOptions>): Provider {
  // What no header can carry is no token.
  const token = /^[!-~]+$/.exec(secret['serverToken']?.trim() ?? '')?.[0];
  const wire = createWireFetch();
  const url = endpoint === undefined ? undefined : new URL(endpoint);
  const client =
    token &&
    new ServerClient(token, {
      fetch: wire.fetch,
      ...(url && { requestHost: url.host, useHttps: url.protocol === 'https:' }),
    });
  const stream = options.messageStream ?? 'outbound';

  /** One call for some of an attempt's recipients. */
  async function call(attempt: Attempt, recipients: readonly string[], deadlineMs: number): Promise<Call> {
    if (!client) return { outcome: NO_TOKEN, inactive: [] };
    const email = emailOf(attempt.message, recipients, stream);
    if (!email) return { outcome: NO_VISIBLE_RECIPIENT, inactive: [] };
    const connectMs = Math.min(attempt.connectMs, deadlineMs);
    const watched = await watchWire({ connectMs, deadlineMs }, () => client.sendEmail(email));
    const outcome = classify(watched);
    const message = answerOf(watched)?.message ?? '';
    const speaks = outcome.kind === 'accepted' ? namesInactive(message) : isInactive(outcome);
    if (!speaks) return { outcome, inactive: [] };
    return { outcome, inactive: recipients.length === 1 ? recipients : inactiveAmong(recipients, message) };
  }

  return {
    async send(attempt) {
      const begun = performance.now();
      const first = await call(attempt, attempt.recipients, attempt.deadlineMs);
      if (!isInactive(first.outcome)) return merge(first, first.inactive, attempt.recipients);
      // A 406 means that nobody was served: go on at once for those whom it does not name.
      const others = attempt.recipients.filter((recipient) => !first.inactive.includes(recipient));
      if (others.length === 0) return { outcome: first.outcome };
      if (others.length === attempt.recipients.length) return { outcome: UNNAMED };
      const left = Math.max(attempt.deadlineMs - (performance.now() - begun), 1);
      const second = await call(attempt, others, left);
      const outcome = isInactive(second.outcome) && second.inactive.length < others.length ? UNNAMED : second.outcome;
      return merge({ ...second, outcome }, [...first.inactive, ...second.inactive], attempt.recipients);
    },
    async lookup(question) {
      if (!client) return { kind: 'cannot-say', reason: NO_TOKEN.reason, detail: NO_TOKEN.detail };
      return await lookup(client, stream, question);
    },
    async health(limits) {
      if (!client) return { state: 'account-refused', reason: NO_TOKEN.reason, detail: NO_TOKEN.detail };
      return await health(client, stream, limits);
    },
    close: wire.close,
  };
}

interface Call {
  readonly outcome: Outcome;
  /** Recipients that Postmark named as inactive. */
  readonly inactive: readonly string[];
}

const INACTIVE: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

/** Postmark takes nobody and does not say because of whom: suppressing all would lose mail to the good ones. */
const UNNAMED: Outcome = { kind: 'refused', blames: 'message', reason: 'inactive-recipient-unnamed' };

const NO_TOKEN = {
  kind: 'unavailable',
  blames: 'account',
  reason: AUTHENTICATION,
  detail: 'the secret has no serverToken',
} as const satisfies Outcome;

const NO_VISIBLE_RECIPIENT: Outcome = { kind: 'refused', blames: 'message', reason: 'no-visible-recipient' };

function isInactive(outcome: Outcome): boolean {
  return outcome.kind === 'refused' && outcome.blames === 'recipient';
}

function merge({ outcome }: Call, inactive: readonly string[], recipients: readonly string[]): AttemptResult {
  if (inactive.length === 0) return { outcome };
  if (inactive.length === recipients.length) return { outcome: INACTIVE };
  return { outcome, recipients: new Map(inactive.map((recipient) => [recipient, INACTIVE])) };
}
