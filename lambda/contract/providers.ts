import type { definitions } from '../providers/registry.ts';
import type { ProviderEntry } from './provider-entry.ts';

export type { CanaryConfig, InboundOptions } from './provider-entry.ts';

type Definitions = typeof definitions;
/** All provider types; each has a folder of this name under `lambda/providers`. */
export type ProviderType = keyof Definitions;
type TypesOf<T extends ProviderType> = NonNullable<Definitions[T]['types']>;
/** Options of a type. */
export type OptionsOf<T extends ProviderType> = TypesOf<T>['options'];
type InboundOf<T extends ProviderType> = TypesOf<T>['inbound'];

/**
 * An entry of the provider list.
 *
 * @example { key: 'postmark', type: 'postmark', options: { messageStream: 'outbound' } }
 */
export type ProviderConfig = { [T in ProviderType]: ProviderEntry<T, OptionsOf<T>, InboundOf<T>> }[ProviderType];

/** The types that can receive mail. */
export type InboundType = { [T in ProviderType]: [InboundOf<T>] extends [never] ? never : T }[ProviderType];

/** The part of a list entry about received mail. */
export interface InboundConfig {
  readonly key: string;
  readonly type: InboundType;
  readonly preference?: number;
  readonly sourceRanges?: readonly string[];
}

/** Values for options that are not set. */
export const PROVIDER_DEFAULTS = { weight: 100, deadlineMs: 10_000, connectMs: 3_000 } as const;
