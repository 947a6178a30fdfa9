import type { Rule } from '../case.ts';
import { named } from '../story.ts';

/** Mail of a strict route goes only to the route's providers, and a canary only to its provider, without a retry. */
export const bounds: Rule = ({ chronicle, calmFrom }) =>
  [...chronicle.stories].flatMap((story) => {
    const { mail, attempts, hops, deadLetters, addedAt, acceptances } = story;
    const outside = attempts.filter(({ provider }) => mail.forbidden || !mail.usable.includes(provider));
    const calm = mail.canary && mail.calm && (addedAt[0] ?? 0) > calmFrom;
    return [
      ...outside.slice(0, 1).map(({ provider }) => `forbidden provider: ${named(story)} over ${provider}`),
      ...(mail.canary && hops.length + deadLetters.filter(({ reason }) => reason !== undefined).length > 0
        ? [`canary kept: ${named(story)} on a retry queue or the dead-letter queue`]
        : []),
      ...(calm && acceptances.length === 0 ? [`canary lost in calm: ${named(story)}`] : []),
    ];
  });
