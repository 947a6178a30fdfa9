import {
  type Environment,
  environment,
  eventsQueueUrl,
  local,
  stateTable,
  suppressionSecret,
  text,
} from './environment-codec.ts';

/** Environment variables of the function that handles requests to the unsubscribe links. */
export const unsubscribeEnvironment = environment({
  /** First segment of the URL paths of the unsubscribe links. No other function has this variable. */
  path: text('MAILOVER_UNSUBSCRIBE_PATH'),
  eventsQueueUrl,
  stateTable,
  suppressionSecret,
  ...local,
});

export type UnsubscribeEnvironment = Environment<typeof unsubscribeEnvironment>;
