import { type PhaseStep, stepsFrom } from '../../scripted-phase.ts';
import { type History, named, time } from '../history.ts';
import type { Rule } from '../input.ts';
import { isLimited } from '../input.ts';

/** Largest part of the mail that may go to another provider first because this other provider has a configured `share`. */
const OTHERS = 0.1;

/**
 * In the scripted phase, a fixed list of steps at the end of a run, mail fails over within minutes, and goes to the first
 * provider again some minutes after the first provider works again. Waiting bulk mail does not delay the receive of other mail. A
 * provider that wrongly refuses all mailboxes causes the suppression of only a few of these mailboxes.
 */
export const scriptedPhase: Rule = (given) => {
  const { seed, recorder, scriptedFrom, providers } = given;
  const [first] = providers;
  const byStep = Map.groupBy(recorder.histories, ({ mail }) => mail.step);
  return stepsFrom(seed, scriptedFrom).flatMap(({ name, from, faults, firstAfterMs = Infinity, ...most }) => {
    const histories = byStep.get(name) ?? [];
    const after = histories.filter(({ addedAt: [at = 0] }) => at > from + firstAfterMs);
    const elsewhere = after.filter(({ attempts: [attempt] }) => attempt?.provider !== first?.key);
    const { acceptedWithinMs = Infinity, receivedWithinMs = Infinity, mostSuppressed = Infinity } = most;
    const late = isLimited(given)
      ? []
      : histories.filter((history) => tookMs(history) > acceptedWithinMs && !meetsLater(history, faults));
    const unseen = histories.filter(
      ({ addedAt: [added = 0], receivedAt = Infinity }) => receivedAt - added > receivedWithinMs,
    );
    const suppressed = histories.filter((history) => history.suppressed.size > 0).length;
    return [
      ...(elsewhere.length > Math.max(2, OTHERS * after.length)
        ? [`does not come back: "${name}": ${elsewhere.length} of ${after.length} mails went past ${first?.key}`]
        : []),
      ...(suppressed > mostSuppressed
        ? [`mailboxes given up: "${name}": ${suppressed} of ${histories.length}, at most ${mostSuppressed}`]
        : []),
      ...unseen.map((history) => `waits behind bulk: ${named(history)}, sent at ${time(history.addedAt[0] ?? 0)}`),
      ...late.map(
        (history) =>
          `late in the scripted phase: ${named(history)}, "${name}", sent at ${time(history.addedAt[0] ?? 0)}`,
      ),
    ];
  });
};

/**
 * Whether a fault of a later step affected a call for the mail. This is possible because the last mails of a step may be sent after
 * the next step began.
 */
function meetsLater({ attempts }: History, faults: PhaseStep['faults'] = {}): boolean {
  return attempts.some(({ fault }) => fault !== undefined && !(fault in faults));
}

/**
 * Returns the milliseconds from the submission to the first acceptance by a provider; 0 if a recipient was suppressed, infinite
 * without an acceptance.
 */
function tookMs({ addedAt: [added = 0], acceptances: [first], suppressed }: History): number {
  return suppressed.size > 0 ? 0 : (first?.at ?? Infinity) - added;
}
