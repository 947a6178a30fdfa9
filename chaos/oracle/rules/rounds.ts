import { OF_TABLE } from '../../faults/fault-times.ts';
import type { Rule } from '../input.ts';

/**
 * After a worker has claimed a later queue message of a mail, no worker claims an older message of this mail. Duplicate messages
 * therefore do not multiply while mail waits.
 */
export const rounds: Rule = ({ recorder, faultTimes }) =>
  Array.from(recorder.copies.violations).flatMap(([history, violation]) => {
    const [first = 0] = history.addedAt;
    const last = history.retries.at(-1)?.at ?? first;
    const shared = recorder.histories.ofId(history.id).length > 1;
    // A redrive, or another mail with the same id, adds a second queue message for the submission.
    const hasOthers = history.redrives.length > 0 || shared;
    return hasOthers || faultTimes.any(OF_TABLE, first, last) || recorder.wrongClocks.overlaps(first, last)
      ? []
      : [violation];
  });
