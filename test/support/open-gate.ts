import type { Gate } from '../../lambda/circuit/admission.ts';

/** A replacement for the circuit breakers and rate limits that admits every mail to every provider. */
export const openGate: Gate = {
  enter: async () => ({ kind: 'go', leave: async () => {} }),
  recoveredSince: async () => false,
};
