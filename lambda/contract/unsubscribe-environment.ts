import {
  type Environment,
  environment,
  eventsQueueUrl,
  local,
  stateTable,
  suppressionSecret,
  text,
} from './environment-codec.ts';

/** The environment of the function behind the links to unsubscribe. */
export const unsubscribeEnvironment = environment({
  /** First part of its paths, which tells its environment from those of other functions. */
  path: text('MAILOVER_UNSUBSCRIBE_PATH'),
  eventsQueueUrl,
  stateTable,
  suppressionSecret,
  ...local,
});

export type UnsubscribeEnvironment = Environment<typeof unsubscribeEnvironment>;
