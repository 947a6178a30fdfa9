import {
  type Environment,
  environment,
  json,
  listsTable,
  local,
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
  stateTable,
  listsTable,
  suppressionSecret,
  ...local,
});

export type MirrorEnvironment = Environment<typeof mirrorEnvironment>;
