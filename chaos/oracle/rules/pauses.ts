import { stepsFrom } from '../../scripted-phase.ts';
import { named, time } from '../history.ts';
import { isLimited, type Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

/**
 * Longest time until a provider accepts a mail that is not paused, from the time at which the mail was submitted or at which the
 * mail's wait ended.
 */
const SOON_MS = 2 * 60_000;

/**
 * Mail of a paused class is sent after an operator has resumed the class, and not before. Mail of other classes is sent during the
 * pause.
 */
export const pauses: Rule = (given) => {
  const { seed, recorder, scriptedFrom } = given;
  return stepsFrom(seed, scriptedFrom).flatMap(({ name, pauses: paused, from, durationMs }) => {
    if (paused === undefined) return [];
    const to = from + durationMs;
    const ofClass = [...recorder.histories].filter(({ mail }) => mail.class === paused);
    const sent = ofClass.flatMap((history) =>
      history.attempts
        .filter(({ begunAt }) => begunAt >= from && begunAt < to)
        .map(({ provider, begunAt }) => `sent while paused: ${named(history)} over ${provider} at ${time(begunAt)}`),
    );
    // If every provider has a rate limit, mail may wait for a slot of the limit, so times are not checked.
    if (isLimited(given)) return sent;
    const inStep = [...recorder.histories].filter(({ mail }) => mail.step === name);
    return [
      ...sent,
      ...inStep.flatMap((history) => {
        const {
          addedAt: [added = 0] = [],
          acceptances: [accepted],
          mail,
        } = history;
        const acceptedAt = accepted?.at ?? Infinity;
        if (mail.class !== paused)
          return acceptedAt > added + SOON_MS ? [`stopped by a pause: ${named(history)}, sent at ${time(added)}`] : [];
        const due = to + PROMISES.growth * (to - added) + SOON_MS;
        return acceptedAt > due ? [`late after a pause: ${named(history)}, due at ${time(due)}`] : [];
      }),
    ];
  });
};
