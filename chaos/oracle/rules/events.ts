import { OF_TABLE } from '../../faults/fault-times.ts';
import { duplicatesOf } from '../causes.ts';
import { type History, named, time } from '../history.ts';
import type { OracleInput, Rule } from '../input.ts';
import { PROMISES } from '../promises.ts';

/**
 * Delivery states of a recipient at one provider. If several states were reported, the state that is last in this list applies. The
 * list is not imported from the code under test.
 */
const BY_PROVIDER = ['accepted', 'deferred', 'delivered', 'bounced', 'complained'];
/**
 * Delivery states of a recipient over all providers. If the states at several providers differ, the state that is first in this
 * list applies.
 */
const OVER_ALL = ['complained', 'delivered', 'bounced', 'deferred', 'accepted'];

/**
 * No delivery event is lost. The order of events and duplicate events do not change a recipient's state. The sender takes an event
 * as proof that the provider accepted the mail.
 */
export const deliveryEvents: Rule = (given) => [...lostEvents(given), ...wrongStates(given), ...ignoredEvidence(given)];

export function lostEvents({ events: { eventSequences, taken, queued } }: Pick<OracleInput, 'events'>): string[] {
  return eventSequences.flatMap((course) =>
    course.events
      .filter(({ id }) => !taken.has(id) || !queued.has(id))
      .map(({ id, type }) => `event lost: ${type} ${id} of ${course.submissionId}`),
  );
}

export function wrongStates({ events }: Pick<OracleInput, 'events'>): string[] {
  const bySubject = Map.groupBy(events.eventSequences, ({ submissionId, recipient }) => `${submissionId} ${recipient}`);
  return [...bySubject.values()].flatMap((those) => {
    const [{ submissionId, recipient } = { submissionId: '', recipient: '' }] = those;
    const byProvider = Map.groupBy(those, ({ provider }) => provider);
    const states = Array.from(byProvider.values(), (list) => {
      const types = list.flatMap((one) => one.events.map(({ type }) => type));
      return BY_PROVIDER.findLast((state) => types.some((type) => type === state));
    });
    const expected = OVER_ALL.find((state) => states.includes(state));
    const state = events.stateOf(submissionId, recipient);
    return state === expected ? [] : [`wrong delivery state: ${submissionId} ${recipient}: ${state}, not ${expected}`];
  });
}

/**
 * Returns violations for second acceptances that the sender should have prevented. For each recipient of both acceptances, the
 * list of events had proved the first acceptance. The sender decided to make the second call more than the longest duration of an
 * invocation after this proof.
 */
function ignoredEvidence(given: OracleInput): string[] {
  const { recorder, faultTimes, events } = given;
  return [...recorder.histories].flatMap((history: History) =>
    history.acceptances.length < 2
      ? []
      : duplicatesOf(history, given).flatMap(({ first, second, cause }) => {
          const { decidedAt } = second.attempt;
          const before = decidedAt - PROMISES.invocationMs;
          const shared = first.recipients.filter((one) => second.recipients.includes(one));
          const proven = shared.every((one) => events.provenAt(history.id, first.attempt.provider, one) < before);
          const excused = cause === '5xx-taken' || cause === 'ledger-failed' || cause === 'unexplained';
          if (excused || !proven || faultTimes.any(OF_TABLE, before, decidedAt)) return [];
          return [`evidence ignored: ${named(history)}: sent again at ${time(decidedAt)}`];
        }),
  );
}
