import { admitted, type Moment } from '../../lambda/circuit/circuit.ts';
import { type Isolation, isIsolated } from '../../lambda/circuit/isolation.ts';
import type { CircuitRecord } from '../../lambda/circuit/items.ts';
import { circuitKey, readCircuitItem, readIsolation, switchKey } from '../../lambda/circuit/items.ts';
import { isAdmitted } from '../../lambda/circuit/slow-start.ts';
import { circuitTimes } from '../../lambda/circuit/times.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import type { Table } from '../../lambda/platform/table.ts';

/**
 * Returns, by provider key, the reason for which the provider would be skipped now for this submission. A provider that is not in
 * the map would be tried in its turn.
 */
export type CircuitStates = (submissionId: string) => ReadonlyMap<string, string>;

/**
 * Reads the circuit breakers and the isolations (by operators) of these providers, in the same way as the sender. `timeScale` says how
 * much faster than real time the stack runs.
 */
export async function circuitStates(
  keys: readonly string[],
  table: Table,
  { now, timeScale }: { readonly now: number; readonly timeScale: number },
): Promise<CircuitStates> {
  const moment = { now, times: circuitTimes(timeScale) };
  const items = await table.getAll(keys.flatMap((key) => [circuitKey(key), switchKey(key)]));
  return (id) =>
    new Map(
      keys.flatMap((key) => {
        const record = readCircuitItem(items.get(circuitKey(key)));
        const isolation = readIsolation(items.get(switchKey(key)));
        const state = inWords(record, isolation, now) ?? slowStart(record, { id, key }, moment);
        return state === undefined ? [] : [[key, state] as const];
      }),
    );
}

function slowStart(
  { circuit }: CircuitRecord,
  mail: { readonly id: string; readonly key: string },
  moment: Pick<Moment, 'now' | 'times'>,
): string | undefined {
  if (isAdmitted(circuit, mail, moment)) return undefined;
  return `admits ${admitted(circuit, moment) * 100} % of the mail so soon after an outage, and not this submission`;
}

function inWords({ circuit, hold }: CircuitRecord, isolation: Isolation | undefined, now: number): string | undefined {
  if (isolation && isIsolated(isolation, now))
    return `isolated until ${isoTime(isolation.until)} by ${isolation.who}: ${isolation.reason}`;
  if (circuit.kind !== 'closed') {
    const why = `${circuit.cause.blames}: ${circuit.cause.reason}`;
    return circuit.kind === 'open' && now < circuit.until
      ? `circuit open until ${isoTime(circuit.until)} (${why})`
      : `circuit half-open: one mail is the probe (${why})`;
  }
  if (hold && now < hold.until) return `the provider has throttled: it gets no mail until ${isoTime(hold.until)}`;
  return undefined;
}
