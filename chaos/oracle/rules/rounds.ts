import { OF_TABLE } from '../../faults/troubles.ts';
import type { Rule } from '../case.ts';

/** After a later message of a mail is claimed, older ones are deleted: copies do not multiply while mail waits. */
export const rounds: Rule = ({ chronicle, troubles }) =>
  Array.from(chronicle.copies.violations).flatMap(([story, violation]) => {
    const [first = 0] = story.addedAt;
    const last = story.hops.at(-1)?.at ?? first;
    const shared = chronicle.stories.ofId(story.id).length > 1;
    // A redrive begins another line of messages, and so does another mail with the same id.
    const hasOthers = story.redrives.length > 0 || shared;
    return hasOthers || troubles.any(OF_TABLE, first, last) || chronicle.wrongClocks.overlaps(first, last)
      ? []
      : [violation];
  });
