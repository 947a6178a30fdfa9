import { createHash } from 'node:crypto';
import { admitted, type Circuit, type Moment } from './circuit.ts';

/** Whether slow start admits this message to a provider that has recovered. For the same fraction it always admits the same messages. */
export function isAdmitted(
  circuit: Circuit,
  { id, key }: { readonly id: string; readonly key: string },
  moment: Pick<Moment, 'now' | 'times'>,
): boolean {
  const fraction = admitted(circuit, moment);
  return fraction >= 1 || draw(id, key) < fraction;
}

/** An evenly distributed number in [0, 1) from a submission's id, different for each provider. */
function draw(id: string, key: string): number {
  return createHash('sha256').update(`warm\0${key}\0${id}`).digest().readUIntBE(0, 6) / 2 ** 48;
}
