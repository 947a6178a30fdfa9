import type { ProviderDefinition } from '../lambda/providers/provider.ts';

/**
 * Provider types of your own, each under its `type`: their code lives beside this file, such as `bin/acme.ts`.
 *
 * @example { acme }
 */
export const ownTypes = {} satisfies Record<string, ProviderDefinition>;
