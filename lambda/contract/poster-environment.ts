import { type Environment, environment, local, text } from './environment-codec.ts';

/** The environment of the function that posts events to an application. */
export const posterEnvironment = environment({
  /** Address that events are posted to. */
  url: text('MAILOVER_POST_URL'),
  /** Name or ARN of the secret with the key of the signatures. */
  signingSecret: text('MAILOVER_SIGNING_SECRET'),
  /** URL of the events queue, on which an event waits for its next try. */
  queueUrl: text('MAILOVER_POSTED_QUEUE'),
  ...local,
});

export type PosterEnvironment = Environment<typeof posterEnvironment>;
