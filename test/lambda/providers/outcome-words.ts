import type { Outcome } from '../../../lambda/mail/outcome.ts';

/** Returns the kind of an outcome, and what the outcome blames or throttles, as in `refused message`. */
export function meaningOf(outcome: Outcome): string {
  if ('blames' in outcome) return `${outcome.kind} ${outcome.blames}`;
  return outcome.kind === 'throttled' ? `throttled ${outcome.of}` : outcome.kind;
}

/** Returns the meaning of an outcome with its reason, as in `refused message too-large`; the reason `unrecognised` is left out. */
export function reasonedMeaning(outcome: Outcome): string {
  const reason = 'reason' in outcome && outcome.reason !== 'unrecognised' ? outcome.reason : '';
  return [meaningOf(outcome), reason].filter(Boolean).join(' ');
}
