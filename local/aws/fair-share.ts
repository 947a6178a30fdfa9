/**
 * Thresholds above which a message group of a standard queue counts as noisy. SQS delivers messages of all other groups before
 * the messages of noisy groups (SQS developer guide, "How Amazon SQS fair queues work", collected 2026-11-28). The guide calls
 * the thresholds approximate.
 */
const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;

/**
 * Load of a queue by its message groups. A message without a group counts as a separate group and is in neither of the two maps.
 */
export interface GroupLoad {
  /** Number of messages in flight, by message group. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** Number of all messages in flight, including messages without a group. */
  readonly allInFlight: number;
  /** Milliseconds for which messages were in flight recently, by message group. */
  readonly busyMs: ReadonlyMap<string, number>;
  /** Milliseconds for which messages of the whole queue were in flight recently. */
  readonly allBusyMs: number;
}

/**
 * Returns the noisy message groups. A group is noisy if at least 30 of its messages are in flight and these are more than a tenth
 * of all messages in flight. A group is also noisy if its messages had more than a tenth of the recent time in flight.
 */
export function noisyGroups({ inFlight, allInFlight, busyMs, allBusyMs }: GroupLoad): ReadonlySet<string> {
  const noisy = new Set<string>();
  for (const [group, count] of inFlight)
    if (count >= NOISY_IN_FLIGHT && count > NOISY_SHARE * allInFlight) noisy.add(group);
  for (const [group, ms] of busyMs) if (ms > NOISY_SHARE * allBusyMs) noisy.add(group);
  return noisy;
}

/**
 * Returns the indexes of the messages to deliver next, at most `most`. Messages that belong to no noisy group come first, in the
 * order of the queue. The remaining places are filled one by one with the next message of the noisy group that has the fewest
 * messages in flight at this point.
 */
export function fairOrder(groups: readonly (string | undefined)[], most: number, load: GroupLoad): number[] {
  const noisy = noisyGroups(load);
  const chosen: number[] = [];
  const waiting = new Map<string, number[]>();
  for (let place = 0; place < groups.length && chosen.length < most; place++) {
    const group = groups[place];
    if (group === undefined || !noisy.has(group)) {
      chosen.push(place);
      continue;
    }
    const places = waiting.get(group) ?? [];
    if (places.length < most) waiting.set(group, [...places, place]);
  }
  const counts = new Map(load.inFlight);
  while (chosen.length < most && waiting.size > 0) {
    const [group, places] = [...waiting].reduce((least, one) =>
      (counts.get(one[0]) ?? 0) < (counts.get(least[0]) ?? 0) ? one : least,
    );
    chosen.push(places.shift() as number);
    counts.set(group, (counts.get(group) ?? 0) + 1);
    if (places.length === 0) waiting.delete(group);
  }
  return chosen;
}
