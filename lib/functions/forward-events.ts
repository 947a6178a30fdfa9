import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ApplicationEvents } from '../configuration/application-events.ts';
import { given } from '../configuration/given.ts';
import { SigningKey } from '../storage/signing-key.ts';
import { EventPipe } from './event-pipe.ts';
import type { FunctionProps } from './function.ts';
import { PosterFunction } from './poster.ts';

/**
 * Creates the pipe to an event bus, or the function that posts to a URL. If the configuration has neither a bus nor a URL,
 * creates nothing, and a program of the user may read the events queue.
 *
 * @returns the key that signs the posts; undefined if events are not posted to a URL
 */
export function forwardEvents(
  scope: Construct,
  queue: Queue,
  { bus, url }: ApplicationEvents = {},
  common: FunctionProps,
): SigningKey | undefined {
  const target = given(scope, bus) as IEventBus | undefined;
  if (target) new EventPipe(scope, 'EventPipe', { queue, bus: target, keys: common.keys });
  if (url === undefined) return undefined;
  const signingKey = new SigningKey(scope, 'SigningKey');
  new PosterFunction(scope, 'Poster', { ...common, queue, url, signingKey });
  return signingKey;
}
