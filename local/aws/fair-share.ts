/**
 * Thresholds above which a message group of a standard queue counts as noisy. SQS delivers messages of groups that are not noisy
 * first (SQS developer guide, "How Amazon SQS fair queues work", collected 2026-11-28). The guide calls the thresholds approximate.
 */
const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;

/** Load of a queue's message groups. A message without a group counts as a separate group and is in neither map. */
export interface GroupLoad {
  /** Number of messages in flight of each group. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** Number of all messages in flight, including messages without a group. */
  readonly allInFlight: number;
  /** Milliseconds for which messages of each group were in flight recently. */
  readonly busyMs: ReadonlyMap<string, number>;
  /** Milliseconds for which messages of the whole queue were in flight recently. */
  readonly allBusyMs: number;
}

/**
 * Returns the message groups that use more than a tenth of the consumers' capacity, measured by the number of messages in flight or
 * by the time in flight.
 */
export function noisyGroups({ inFlight, allInFlight, busyMs, allBusyMs }: GroupLoad): ReadonlySet<string> {
  const noisy = new Set<string>();
  for (const [group, count] of inFlight)
    if (count >= NOISY_IN_FLIGHT && count > NOISY_SHARE * allInFlight) noisy.add(group);
  for (const [group, ms] of busyMs) if (ms > NOISY_SHARE * allBusyMs) noisy.add(group);
  return noisy;
}

/**
 * Returns the indexes of the messages to deliver, at most `most`. The messages of groups that are not noisy come first, in their
 * order. Each further index is the next message of the noisy group that has the fewest messages in flight.
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
