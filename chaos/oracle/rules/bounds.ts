import { named } from '../history.ts';
import type { Rule } from '../input.ts';

/**
 * The sender calls only providers that the route and the submission of the mail permit. The sender never retries or dead-letters
 * a canary (test mail). In the quiet phase, which follows the last random fault, the provider accepts every canary.
 */
export const bounds: Rule = ({ recorder, quietFrom }) =>
  [...recorder.histories].flatMap((history) => {
    const { mail, attempts, retries, deadLetters, addedAt, acceptances } = history;
    const outside = attempts.filter(({ provider }) => mail.forbidden || !mail.usable.includes(provider));
    const quiet = mail.canary && mail.quiet && (addedAt[0] ?? 0) > quietFrom;
    return [
      ...outside.slice(0, 1).map(({ provider }) => `forbidden provider: ${named(history)} over ${provider}`),
      ...(mail.canary && retries.length + deadLetters.filter(({ reason }) => reason !== undefined).length > 0
        ? [`canary kept: ${named(history)} on a retry queue or the dead-letter queue`]
        : []),
      ...(quiet && acceptances.length === 0 ? [`canary lost in the quiet phase: ${named(history)}`] : []),
    ];
  });
