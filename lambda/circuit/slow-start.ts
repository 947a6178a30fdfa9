import { createHash } from 'node:crypto';
import { admitted, type Circuit, type Moment } from './circuit.ts';

/**
 * Whether slow start admits this message: after a provider's circuit has closed, the provider at first gets only a fraction of
 * the messages. As long as the fraction stays the same, the result for a message is always the same.
 */
export function isAdmitted(
  circuit: Circuit,
  { id, key }: { readonly id: string; readonly key: string },
  moment: Pick<Moment, 'now' | 'times'>,
): boolean {
  const fraction = admitted(circuit, moment);
  return fraction >= 1 || draw(id, key) < fraction;
}

/** Returns an evenly distributed number in [0, 1), computed from a submission's id. The number is different for each provider. */
function draw(id: string, key: string): number {
  return createHash('sha256').update(`warm\0${key}\0${id}`).digest().readUIntBE(0, 6) / 2 ** 48;
}
