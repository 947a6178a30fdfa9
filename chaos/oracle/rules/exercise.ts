import { type Part, partsFrom } from '../../exercise.ts';
import type { Rule } from '../case.ts';
import { isLimited } from '../case.ts';
import { named, type Story, time } from '../story.ts';

/** Largest part of the mail that a provider's `share` may have drawn. */
const OTHERS = 0.1;

/**
 * In the exercise mail fails over within minutes, returns to the first provider as soon as it works, is
 * received at once whatever bulk waits, and is not suppressed by a provider that calls all mailboxes bad.
 */
export const exercise: Rule = (given) => {
  const { seed, chronicle, exerciseFrom, providers } = given;
  const [first] = providers;
  const byPart = Map.groupBy(chronicle.stories, ({ mail }) => mail.part);
  return partsFrom(seed, exerciseFrom).flatMap(({ name, from, faults, firstAfterMs = Infinity, ...most }) => {
    const stories = byPart.get(name) ?? [];
    const after = stories.filter(({ addedAt: [at = 0] }) => at > from + firstAfterMs);
    const elsewhere = after.filter(({ attempts: [attempt] }) => attempt?.provider !== first?.key);
    const { takenWithinMs = Infinity, receivedWithinMs = Infinity, mostSuppressed = Infinity } = most;
    const late = isLimited(given)
      ? []
      : stories.filter((story) => tookMs(story) > takenWithinMs && !meetsLater(story, faults));
    const unseen = stories.filter(
      ({ addedAt: [added = 0], receivedAt = Infinity }) => receivedAt - added > receivedWithinMs,
    );
    const suppressed = stories.filter((story) => story.suppressed.size > 0).length;
    return [
      ...(elsewhere.length > Math.max(2, OTHERS * after.length)
        ? [`does not come back: "${name}": ${elsewhere.length} of ${after.length} mails went past ${first?.key}`]
        : []),
      ...(suppressed > mostSuppressed
        ? [`mailboxes given up: "${name}": ${suppressed} of ${stories.length}, at most ${mostSuppressed}`]
        : []),
      ...unseen.map((story) => `waits behind bulk: ${named(story)}, sent at ${time(story.addedAt[0] ?? 0)}`),
      ...late.map(
        (story) => `late in the exercise: ${named(story)}, "${name}", sent at ${time(story.addedAt[0] ?? 0)}`,
      ),
    ];
  });
};

/** Whether a call met a fault that its part does not have: the last mails of a part are sent when the next one has begun. */
function meetsLater({ attempts }: Story, faults: Part['faults'] = {}): boolean {
  return attempts.some(({ fault }) => fault !== undefined && !(fault in faults));
}

/** Milliseconds until a provider accepted it, or its event was sent. */
function tookMs({ addedAt: [added = 0], acceptances: [taken], suppressed }: Story): number {
  return suppressed.size > 0 ? 0 : (taken?.at ?? Infinity) - added;
}
