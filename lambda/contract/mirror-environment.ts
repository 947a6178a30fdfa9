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

/** A provider with a list of its own. */
export interface MirroredProvider {
  readonly key: string;
  readonly type: string;
  readonly options: object;
  /** Name of the secret of the account; absent for a type without one. */
  readonly secretName?: string;
}

/** The environment of the function that keeps the suppression list and those of the providers equal. */
export const mirrorEnvironment = environment({
  providers: json<readonly MirroredProvider[]>('MAILOVER_MIRRORED_PROVIDERS'),
  /** All providers with delivery events, by which doubts compare. */
  reporting: json<readonly { readonly key: string; readonly type: string }[]>('MAILOVER_REPORTING_PROVIDERS'),
  /** Whether a class mails addresses with hard bounces; these are then added to no provider's list, which would stop them. */
  overridesHardBounces: optional(json<true>('MAILOVER_OVERRIDES_HARD_BOUNCES')),
  stateTable,
  listsTable,
  suppressionSecret,
  ...local,
});

export type MirrorEnvironment = Environment<typeof mirrorEnvironment>;
