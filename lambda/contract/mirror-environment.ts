import {
  type Environment,
  environment,
  json,
  listsTable,
  local,
  optional,
  stateTable,
  suppressionSecret,
} from './environment-codec.ts';

/** A provider that has its own suppression list. */
export interface MirroredProvider {
  readonly key: string;
  readonly type: string;
  readonly options: object;
  /** Name of the secret with the credentials of the account at the provider; absent for a provider type that needs no secret. */
  readonly secretName?: string;
}

/** Environment variables of the function that synchronizes Mailover's suppression list with the providers' own suppression lists. */
export const mirrorEnvironment = environment({
  providers: json<readonly MirroredProvider[]>('MAILOVER_MIRRORED_PROVIDERS'),
  /** All providers with delivery events. The suppression rates of these providers are compared with each other. */
  reporting: json<readonly { readonly key: string; readonly type: string }[]>('MAILOVER_REPORTING_PROVIDERS'),
  /**
   * Whether a class of mail sets `overrideHardBounces`. If so, Mailover adds no hard bounce to a provider's own suppression list: the
   * provider would then not send the mail of this class.
   */
  overridesHardBounces: optional(json<true>('MAILOVER_OVERRIDES_HARD_BOUNCES')),
  stateTable,
  listsTable,
  suppressionSecret,
  ...local,
});

export type MirrorEnvironment = Environment<typeof mirrorEnvironment>;
