import type { ProviderDefinition } from '../provider.ts';

/**
 * Provider types of your own, each under the name of its type. The code of each type is in this folder, for example in `acme.ts`.
 *
 * @example { acme }
 */
export const ownTypes = {} satisfies Record<string, ProviderDefinition>;
