import { AUTHENTICATION, detailOf } from '../../mail/outcome.ts';
import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { type Watched, watchWire } from '../wire.ts';
import { classify } from './classify.ts';
import { sdkErrorText } from './error-text.ts';

interface DomainState {
  readonly state?: unknown;
  readonly is_disabled?: unknown;
  readonly type?: unknown;
}

/** The part of the SDK that reads the state of a domain and of its sending queue, and posts a message. */
export interface MailgunHealthSource {
  readonly domains: { get(domain: string): Promise<DomainState> };
  readonly messages: {
    getMessagesQueueStatus(domain: string): Promise<{
      readonly regular: {
        readonly is_disabled?: unknown;
        readonly disabled: { readonly reason: string; readonly until: Date | '' };
      };
    }>;
    create(domain: string, data: Record<string, string>): Promise<unknown>;
  };
}

/**
 * Asks Mailgun for the state of the domain and of its sending queue, in parallel.
 *
 * Facts, read 2026-11-25: a domain is `active`, `unverified` or `disabled`, and also has `is_disabled` (OpenAPI 3.0.0, GET
 * /v4/domains/{name}). Mailgun refuses mail from a domain that is not verified (reports of users). A sandbox domain can send to
 * authorised recipients only (user manual, domains). If Mailgun has stopped a queue, the answer states the reason, and the time
 * at which the stop ends (GET /v3/domains/{name}/sending_queues).
 */
export async function health(client: MailgunHealthSource, domain: string, limits: HealthLimits): Promise<Health> {
  const [state, queue] = await Promise.all([
    watchWire(limits, () => client.domains.get(domain)),
    watchWire(limits, () => client.messages.getMessagesQueueStatus(domain)),
  ]);
  const ofDomain = domainHealth(state);
  if (ofDomain.reason === AUTHENTICATION) return await sendingKeyHealth(client, domain, limits);
  if (ofDomain.state !== 'healthy') return ofDomain;
  const { is_disabled: stopped, disabled } = queue.result?.regular ?? {};
  if (stopped === true) {
    // The SDK converts any value to a Date, which may be invalid.
    const end = disabled?.until instanceof Date ? disabled.until.getTime() : Number.NaN;
    const until = Number.isNaN(end) ? '' : ` until ${new Date(end).toISOString()}`;
    return { ...refused('queue-disabled'), detail: detailOf(`${disabled?.reason ?? ''}${until}`) };
  }
  if (queue.result === undefined) {
    const ofQueue = healthOf(classify({ trace: queue.trace, words: sdkErrorText(queue.error) }));
    // The answer about the domain is enough for the state `healthy`. However, either of the two answers may show that the account
    // is refused.
    if (ofQueue.state === 'account-refused') return ofQueue;
  }
  return ofDomain;
}

function domainHealth({ result, error, trace }: Watched<DomainState>): Health {
  if (result === undefined) return healthOf(classify({ trace, words: sdkErrorText(error) }));
  if (result.is_disabled === true || result.state === 'disabled') return refused('domain-disabled');
  if (result.type === 'sandbox') return refused('sandbox');
  if (result.state === 'unverified') return refused('domain-not-verified');
  if (result.state === 'active') return { state: 'healthy' };
  return { state: 'unreachable', reason: 'unreadable-answer' };
}

/**
 * Checks the health of an account with a domain sending key. Such a key may only post messages (API reference, authentication,
 * 2026-11-25), so a 401 as the answer to any other call does not mean that the key is wrong. To test the key, a message without
 * sender and recipient is posted, which can never become a mail. If the key is valid, Mailgun answers that sender and recipient
 * are missing.
 */
async function sendingKeyHealth(
  { messages }: MailgunHealthSource,
  domain: string,
  limits: HealthLimits,
): Promise<Health> {
  const { error, trace } = await watchWire(limits, () => messages.create(domain, { 'o:testmode': 'yes' }));
  const outcome = classify({ trace, words: sdkErrorText(error) });
  const missing = trace.status === 400 && outcome.kind === 'refused' && outcome.blames === 'message';
  return missing ? { state: 'healthy' } : healthOf(outcome);
}

function refused(reason: string): Health {
  return { state: 'account-refused', reason };
}
