/**
 * Order in which a standard queue with message groups delivers (SQS developer guide, "How Amazon SQS fair queues work",
 * collected 2026-11-28). The thresholds are SQS's own, which it calls approximate.
 */
const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;

/** Load of a queue's groups; a message without a group is a group of its own and is in neither map. */
export interface GroupLoad {
  /** Messages in flight by group. */
  readonly inFlight: ReadonlyMap<string, number>;
  /** All messages in flight, including those without a group. */
  readonly allInFlight: number;
  /** Recent time in flight by group, in milliseconds, and that of all messages. */
  readonly busyMs: ReadonlyMap<string, number>;
  readonly allBusyMs: number;
}

/** Groups that take more than a tenth of the consumers' capacity, by number or by time. */
export function noisyGroups({ inFlight, allInFlight, busyMs, allBusyMs }: GroupLoad): ReadonlySet<string> {
  const noisy = new Set<string>();
  for (const [group, count] of inFlight)
    if (count >= NOISY_IN_FLIGHT && count > NOISY_SHARE * allInFlight) noisy.add(group);
  for (const [group, ms] of busyMs) if (ms > NOISY_SHARE * allBusyMs) noisy.add(group);
  return noisy;
}

/**
 * Places of the messages to deliver, at most `most`: those of quiet groups in their order, then those of the noisy group that
 * has the fewest in flight.
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
