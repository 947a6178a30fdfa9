import type { ProviderDefinition } from '../provider.ts';

/**
 * Definitions of your own provider types, by the name of the type. The code of each type is in this folder, for example in
 * `acme.ts`.
 *
 * @example { acme }
 */
export const ownTypes = {} satisfies Record<string, ProviderDefinition>;
