import type { Health, HealthLimits } from '../provider.ts';
import { healthOf } from '../question.ts';
import { classify, type SendgridAnswer } from './classify.ts';

/** Sends a GET request to one path of the API. */
type Get = (path: string, limits: HealthLimits) => Promise<SendgridAnswer>;

/** Factor by which the mail of a month may exceed the monthly credits of a plan. Daily credits may not be exceeded. */
const MOST_USE = 2.5;

/**
 * Asks SendGrid for the scopes of the API key and for the credits of the account, in parallel.
 *
 * Facts, read 2026-11-28: every key may read its own scopes, and needs the scope `mail.send` to send (api-key-permissions). The
 * free plan has daily credits. When they are used up, SendGrid accepts no mail. Other plans have monthly credits, and SendGrid
 * accepts mail up to 2.5 times their number (support article 18322114821403). A key with no other scope than `mail.send` cannot
 * read the credits. For a suspended account, SendGrid accepts mail for up to 72 hours and may drop it. For an account whose
 * payment failed, SendGrid accepts mail and then drops it (support articles 360041790293 and 6789413070107). This check cannot
 * detect these two states, but a canary mail can.
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
