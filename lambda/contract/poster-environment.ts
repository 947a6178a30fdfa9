import { type Environment, environment, local, text } from './environment-codec.ts';

/** Environment variables of the function that posts events to an application's URL. */
export const posterEnvironment = environment({
  /** URL of the application to which events are posted. */
  url: text('MAILOVER_POST_URL'),
  /** Name or ARN of the secret with the key with which the posted events are signed. */
  signingSecret: text('MAILOVER_SIGNING_SECRET'),
  /**
   * URL of the events queue. An event that could not be posted waits on this queue until it is posted again, or until SQS moves it to the
   * dead-letter queue.
   */
  queueUrl: text('MAILOVER_POSTED_QUEUE'),
  ...local,
});

export type PosterEnvironment = Environment<typeof posterEnvironment>;
