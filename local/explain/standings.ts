import { type Isolation, isIsolated } from '../../lambda/circuit/isolation.ts';
import type { CircuitRecord } from '../../lambda/circuit/items.ts';
import { circuitKey, readIsolation, readRecord, switchKey } from '../../lambda/circuit/items.ts';
import type { Table } from '../../lambda/platform/table.ts';

/** What keeps a provider from being tried at this moment, by provider key; whoever is missing is open to mail. */
export type Standings = ReadonlyMap<string, string>;

/** Reads the circuits and the operators' switches of these providers, as a worker would. */
export async function standingsOf(keys: readonly string[], table: Table, now: number): Promise<Standings> {
  const items = await table.getAll(keys.flatMap((key) => [circuitKey(key), switchKey(key)]));
  return new Map(
    keys.flatMap((key) => {
      const standing = inWords(readRecord(items.get(circuitKey(key))), readIsolation(items.get(switchKey(key))), now);
      return standing === undefined ? [] : [[key, standing] as const];
    }),
  );
}

function inWords({ circuit, hold }: CircuitRecord, isolation: Isolation | undefined, now: number): string | undefined {
  if (isolation && isIsolated(isolation, now))
    return `isolated until ${time(isolation.until)} by ${isolation.who}: ${isolation.reason}`;
  if (circuit.kind !== 'closed') {
    const why = `${circuit.cause.blames}: ${circuit.cause.reason}`;
    return circuit.kind === 'open' && now < circuit.until
      ? `circuit open until ${time(circuit.until)} (${why})`
      : `circuit half-open: one mail finds out (${why})`;
  }
  if (hold && now < hold.until) return `asked for time until ${time(hold.until)}`;
  return undefined;
}

function time(moment: number): string {
  return new Date(moment).toISOString();
}
