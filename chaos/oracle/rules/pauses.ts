import { partsFrom } from '../../exercise.ts';
import { isLimited, type Rule } from '../case.ts';
import { PROMISES } from '../promises.ts';
import { named, time } from '../story.ts';

/** Time from the message to the acceptance of a mail that does not wait, or whose wait is over. */
const SOON_MS = 2 * 60_000;

/** A paused class is not sent; other mail is sent meanwhile, and its own once an operator has released it. */
export const pauses: Rule = (given) => {
  const { seed, chronicle, exerciseFrom } = given;
  return partsFrom(seed, exerciseFrom).flatMap(({ name, pauses: paused, from, lastsMs }) => {
    if (paused === undefined) return [];
    const to = from + lastsMs;
    const ofClass = [...chronicle.stories].filter(({ mail }) => mail.class === paused);
    const sent = ofClass.flatMap((story) =>
      story.attempts
        .filter(({ begunAt }) => begunAt >= from && begunAt < to)
        .map(({ provider, begunAt }) => `sent while paused: ${named(story)} over ${provider} at ${time(begunAt)}`),
    );
    // Where every provider has a rate, mail may wait for a slot.
    if (isLimited(given)) return sent;
    const inPart = [...chronicle.stories].filter(({ mail }) => mail.part === name);
    return [
      ...sent,
      ...inPart.flatMap((story) => {
        const {
          addedAt: [added = 0] = [],
          acceptances: [taken],
          mail,
        } = story;
        const takenAt = taken?.at ?? Infinity;
        if (mail.class !== paused)
          return takenAt > added + SOON_MS ? [`stopped by a pause: ${named(story)}, sent at ${time(added)}`] : [];
        const due = to + PROMISES.growth * (to - added) + SOON_MS;
        return takenAt > due ? [`late after a pause: ${named(story)}, due at ${time(due)}`] : [];
      }),
    ];
  });
};
