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
 * Makes what reads the events queue for an event bus or a URL; without either, a program may read it.
 *
 * @returns the key of the signatures, for a URL
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
