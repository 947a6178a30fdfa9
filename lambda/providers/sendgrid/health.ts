import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classify, type SendgridAnswer } from './classify.ts';

/** Sends a `GET` request for one path of the API. */
type Get = (path: string, limits: HealthLimits) => Promise<SendgridAnswer>;

/**
 * SendGrid accepts mail up to this multiple of a plan's allotment. With daily credits, SendGrid accepts only the allotment
 * itself.
 */
const MOST_USE = 2.5;

/**
 * Asks SendGrid for the rights of the key and for the credits of the account, in parallel.
 *
 * Facts, read 2026-11-28: every key may read its own scopes, and needs `mail.send` to send (api-key-permissions). The free plan
 * has daily credits, and accepts no mail after these are used up. Other plans have monthly credits, and accept mail up to 2.5
 * times the allotment (support article 18322114821403). A key with only the right to send cannot read the credits. A suspended
 * account accepts mail for up to 72 hours and may drop it; an account whose payment failed accepts mail and then drops it
 * (support articles 360041790293 and 6789413070107). No answer shows these two states, so only a canary mail detects them.
 */
export async function health(get: Get, limits: HealthLimits): Promise<Health> {
  const [ofKey, ofCredits] = await Promise.all([get('/v3/scopes', limits), get('/v3/user/credits', limits)]);
  const scopes = fieldsOf(ofKey)?.['scopes'];
  if (!isGood(ofKey)) return healthOf(classify(ofKey));
  if (!Array.isArray(scopes)) return { state: 'unreachable', reason: 'unreadable-answer' };
  if (!scopes.includes('mail.send'))
    return { state: 'account-refused', reason: 'not-allowed-to-send', detail: 'the key lacks the scope mail.send' };
  const { used, total, reset_frequency: frequency } = fieldsOf(ofCredits) ?? {};
  if (typeof used !== 'number' || typeof total !== 'number' || total <= 0) return { state: 'healthy' };
  const most = frequency === 'daily' ? total : total * MOST_USE;
  return used >= most ? { state: 'account-refused', reason: 'quota' } : { state: 'healthy' };
}

function isGood({ trace }: SendgridAnswer): boolean {
  return trace.status === 200 && trace.complete;
}

function fieldsOf(answer: SendgridAnswer): Readonly<Record<string, unknown>> | undefined {
  if (!isGood(answer)) return undefined;
  try {
    return Object(JSON.parse(answer.body ?? ''));
  } catch {
    return {};
  }
}
