import { OF_TABLE } from '../../faults/troubles.ts';
import type { OracleCase, Rule } from '../case.ts';
import { duplicatesOf } from '../causes.ts';
import { PROMISES } from '../promises.ts';
import { named, type Story, time } from '../story.ts';

/** States of one recipient, the stronger one later; written down here, not taken from the code under test. */
const BY_PROVIDER = ['accepted', 'deferred', 'delivered', 'bounced', 'complained'];
/** Precedence of states where several providers report on one recipient: the recipient has the first state of this list that a provider reports. */
const OVER_ALL = ['complained', 'delivered', 'bounced', 'deferred', 'accepted'];

/** No event is lost, their order and number do not matter, and the sender uses them. */
export const deliveryEvents: Rule = (given) => [...lostEvents(given), ...wrongStates(given), ...ignoredEvidence(given)];

export function lostEvents({ events: { courses, taken, queued } }: Pick<OracleCase, 'events'>): string[] {
  return courses.flatMap((course) =>
    course.events
      .filter(({ id }) => !taken.has(id) || !queued.has(id))
      .map(({ id, type }) => `event lost: ${type} ${id} of ${course.submissionId}`),
  );
}

export function wrongStates({ events: told }: Pick<OracleCase, 'events'>): string[] {
  const bySubject = Map.groupBy(told.courses, ({ submissionId, recipient }) => `${submissionId} ${recipient}`);
  return [...bySubject.values()].flatMap((those) => {
    const [{ submissionId, recipient } = { submissionId: '', recipient: '' }] = those;
    const byProvider = Map.groupBy(those, ({ provider }) => provider);
    const states = Array.from(byProvider.values(), (list) => {
      const types = list.flatMap((one) => one.events.map(({ type }) => type));
      return BY_PROVIDER.findLast((state) => types.some((type) => type === state));
    });
    const expected = OVER_ALL.find((state) => states.includes(state));
    const state = told.stateOf(submissionId, recipient);
    return state === expected ? [] : [`wrong delivery state: ${submissionId} ${recipient}: ${state}, not ${expected}`];
  });
}

/**
 * A second acceptance although, an invocation before it was decided, the list had the proof of the first one for each
 * recipient of both.
 */
function ignoredEvidence(given: OracleCase): string[] {
  const { chronicle, troubles, events: told } = given;
  return [...chronicle.stories].flatMap((story: Story) =>
    story.acceptances.length < 2
      ? []
      : duplicatesOf(story, given).flatMap(({ first, second, cause }) => {
          const { decidedAt } = second.attempt;
          const before = decidedAt - PROMISES.invocationMs;
          const shared = first.recipients.filter((one) => second.recipients.includes(one));
          const proven = shared.every((one) => told.provenAt(story.id, first.attempt.provider, one) < before);
          const excused = cause === '5xx-taken' || cause === 'ledger-failed' || cause === 'unexplained';
          if (excused || !proven || troubles.any(OF_TABLE, before, decidedAt)) return [];
          return [`evidence ignored: ${named(story)}: sent again at ${time(decidedAt)}`];
        }),
  );
}
