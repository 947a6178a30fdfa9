import type { Rule } from '../case.ts';
import { named } from '../story.ts';

/** A strict route holds its class to its providers, and a canary goes over its one provider now or never. */
export const bounds: Rule = ({ chronicle, calmFrom }) =>
  [...chronicle.stories].flatMap((story) => {
    const { mail, attempts, hops, letters, addedAt, acceptances } = story;
    const own = attempts.filter(({ worker }) => worker.release !== 'previous');
    const outside = own.filter(({ provider }) => mail.forbidden || !mail.usable.includes(provider));
    const calm = mail.canary && mail.calm && (addedAt[0] ?? 0) > calmFrom;
    return [
      ...outside.slice(0, 1).map(({ provider }) => `forbidden provider: ${named(story)} over ${provider}`),
      ...(mail.canary && hops.length + letters.filter(({ reason }) => reason !== undefined).length > 0
        ? [`canary kept: ${named(story)} on a retry queue or the dead-letter queue`]
        : []),
      ...(calm && acceptances.length === 0 ? [`canary lost in calm: ${named(story)}`] : []),
    ];
  });
