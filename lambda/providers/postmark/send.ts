import { ServerClient } from 'postmark';
import { AUTHENTICATION, type Outcome } from '../../mail/outcome.ts';
import { oneRecipient } from '../fact.ts';
import type { Attempt, Provider, ProviderContext } from '../provider.ts';
import { namedIn, type PartialCall, type PartialResult, sendInGroups } from '../split-recipients.ts';
import { watchWire } from '../wire.ts';
import { createWireFetch } from '../wire-fetch.ts';
import { classify, inactiveAmong, namesInactive, wireAnswer } from './classify.ts';
import { emailOf, metadataOf } from './email.ts';
import { health } from './health.ts';
import { lookup } from './lookup.ts';
import type { PostmarkOptions } from './options.ts';

/** Token with which Postmark checks and answers a request, but sends no mail (postmarkapp.com, sandbox-mode, 2026-11-23). */
const TEST_TOKEN = 'POSTMARK_API_TEST';

/** Creates a provider for one message stream of a Postmark server. The token in the secret identifies the Postmark server. */
export function create({ options, secret, endpoint, sandbox }: ProviderContext<PostmarkOptions>): Provider {
  // The token is sent in a header. A token with other characters than visible ASCII counts as missing.
  const token = /^[!-~]+$/.exec(secret['serverToken']?.trim() ?? '')?.[0];
  const wire = createWireFetch();
  const url = endpoint === undefined ? undefined : new URL(endpoint);
  const clientOf = (key: string) =>
    new ServerClient(key, {
      // `wire.fetch` implements only a part of `fetch`. This part is enough, since the SDK reads only the status and the text of
      // an answer (postmark 5.1.0, 2026-11-30).
      fetch: wire.fetch as unknown as typeof fetch,
      ...(url && { requestHost: url.host, useHttps: url.protocol === 'https:' }),
    });
  const client = token && clientOf(token);
  const sending = client && (sandbox ? clientOf(TEST_TOKEN) : client);
  const stream = options.messageStream ?? 'outbound';

  /** Makes one call, for some of an attempt's recipients. */
  async function call(attempt: Attempt, { recipients, deadlineMs, connectMs }: PartialCall): Promise<PartialResult> {
    if (!sending) return { outcome: NO_TOKEN };
    const email = emailOf(attempt.message, recipients, stream, attempt.tracking, attempt.number);
    if (!email) return { outcome: NO_VISIBLE_RECIPIENT };
    const watched = await watchWire({ connectMs, deadlineMs }, () => sending.sendEmail(email));
    const outcome = classify(watched);
    const message = wireAnswer(watched)?.message ?? '';
    const listsInactive = namesInactive(message) && (outcome.kind === 'accepted' || outcome.kind === 'refused');
    const inactive = !listsInactive ? [] : recipients.length === 1 ? recipients : inactiveAmong(recipients, message);
    // Postmark has accepted the mail, but does not send it to the inactive recipients that the answer lists.
    if (outcome.kind === 'accepted') return { outcome, recipients: new Map(inactive.map((one) => [one, INACTIVE])) };
    return { outcome, named: inactive.length > 0 ? inactive : namedIn(message, recipients) };
  }

  return {
    send: async (attempt) => ({
      ...(await sendInGroups(attempt, false, (part) => call(attempt, part))),
      dropped: metadataOf(attempt.message, attempt.number).dropped,
    }),
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

const INACTIVE: Outcome = { kind: 'refused', blames: 'recipient', reason: 'inactive-recipient' };

const NO_TOKEN = {
  kind: 'unavailable',
  blames: 'account',
  reason: AUTHENTICATION,
  detail: 'the secret has no serverToken',
} as const satisfies Outcome;

/**
 * Outcome of a call that is not made, for several Bcc recipients without To and Cc. Postmark requires an address in To, so each
 * of these recipients needs a separate call.
 */
const NO_VISIBLE_RECIPIENT: Outcome = { ...oneRecipient('no-visible-recipient') };
