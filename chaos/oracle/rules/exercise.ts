import { partsFrom } from '../../exercise.ts';
import type { Rule } from '../case.ts';
import { named, type Story, time } from '../story.ts';

/** Most of the mail that a provider's `share` may have drawn. */
const OTHERS = 0.1;

/** In the exercise mail finds another way within minutes, and comes back to the first provider as soon as that one works. */
export const exercise: Rule = ({ chronicle, exerciseFrom, providers }) => {
  const [first] = providers;
  const byPart = Map.groupBy(chronicle.stories, ({ mail }) => mail.part);
  return partsFrom(exerciseFrom).flatMap(({ name, from, firstAfterMs = Infinity, takenWithinMs = Infinity }) => {
    const stories = byPart.get(name) ?? [];
    const after = stories.filter(({ addedAt: [at = 0] }) => at > from + firstAfterMs);
    const elsewhere = after.filter(({ attempts: [attempt] }) => attempt?.provider !== first?.key);
    const late = stories.filter((story) => tookMs(story) > takenWithinMs);
    return [
      ...(elsewhere.length > Math.max(2, OTHERS * after.length)
        ? [`does not come back: "${name}": ${elsewhere.length} of ${after.length} mails went past ${first?.key}`]
        : []),
      ...late.map((story) => `late in the exercise: ${named(story)}, "${name}", sent at ${time(story.addedAt[0] ?? 0)}`),
    ];
  });
};

function tookMs({ addedAt: [added = 0], acceptances: [taken] }: Story): number {
  return (taken?.at ?? Infinity) - added;
}
