import type { SQSRecord } from 'aws-lambda';
import type { Objects, RenewableObjects } from '../platform/object-store.ts';
import { within } from '../platform/within.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { type Intake, intake } from './intake.ts';
import { SETTLE_MS, type SenderContext } from './work.ts';

/** Reads the body of a queue message and the objects that it names, as long as there is time for them. */
export async function readInput(
  { body }: SQSRecord,
  { canary, redriven, submissionId }: QueueAttributes,
  remainingMs: () => number,
  { environment, clock, objects, redirectTo }: SenderContext,
): Promise<Intake> {
  // A canary tests its provider, whatever the route of its class, and its address is Mailover's own.
  const chooses = canary ? { providers: environment.providers } : environment;
  const target = canary ? undefined : redirectTo;
  const given = redriven ? renewed(objects) : objects;
  const timed: Objects = {
    read: (...object) => within(remainingMs() - SETTLE_MS, given.read(...object), clock),
  };
  return await intake(body, submissionId, timed, chooses, clock.now(), target);
}

/** Objects for a redriven message: their lifetime is extended before they are read, since it may be nearly over. */
function renewed(objects: RenewableObjects): Objects {
  return {
    read: async (reference, maxBytes) => {
      await objects.renew(reference);
      return objects.read(reference, maxBytes);
    },
  };
}
