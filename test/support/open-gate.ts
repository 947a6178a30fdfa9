import type { Gate } from '../../lambda/circuit/admission.ts';

/** A gate that admits everything. */
export const openGate: Gate = {
  enter: async () => ({ kind: 'go', leave: async () => {} }),
  recoveredSince: async () => false,
};
