import { admitted, type Moment } from '../../lambda/circuit/circuit.ts';
import { type Isolation, isIsolated } from '../../lambda/circuit/isolation.ts';
import type { CircuitRecord } from '../../lambda/circuit/items.ts';
import { circuitKey, readCircuitItem, readIsolation, switchKey } from '../../lambda/circuit/items.ts';
import { isAdmitted } from '../../lambda/circuit/slow-start.ts';
import { circuitTimes } from '../../lambda/circuit/times.ts';
import { isoTime } from '../../lambda/platform/iso-time.ts';
import type { Table } from '../../lambda/platform/table.ts';

/** Why a provider would be skipped for a mail at this moment, by provider key; a provider without an entry would be tried. */
export type CircuitStates = (submissionId: string) => ReadonlyMap<string, string>;

/** Reads circuits and operators' switches of these providers as a worker under this time scale does. */
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
        const standing = inWords(record, isolation, now) ?? slowStart(record, { id, key }, moment);
        return standing === undefined ? [] : [[key, standing] as const];
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
  if (hold && now < hold.until) return `asked for time until ${isoTime(hold.until)}`;
  return undefined;
}
