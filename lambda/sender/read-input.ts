import type { SQSRecord } from 'aws-lambda';
import type { Objects, RenewableObjects } from '../platform/object-store.ts';
import { withTimeout } from '../platform/with-timeout.ts';
import type { QueueAttributes } from '../submission/retry-attributes.ts';
import { type Intake, intake } from './intake.ts';
import { SETTLE_MS, type SenderContext } from './work.ts';

/**
 * Reads the body of a queue message and the S3 objects to which the body refers. If an object is not read before the time that is
 * reserved for the end of the round (`SETTLE_MS`), the result is a `trouble`.
 */
export async function readInput(
  { body }: SQSRecord,
  { canary, redriven, submissionId }: QueueAttributes,
  remainingMs: () => number,
  { environment, clock, objects, redirectTo }: SenderContext,
): Promise<Intake> {
  // A canary is a test mail of Mailover for one provider, so no routes of classes of mail apply to it. It is not redirected to
  // `redirectTo`, since its recipient is an address of Mailover.
  const chooses = canary ? { providers: environment.providers } : environment;
  const target = canary ? undefined : redirectTo;
  const given = redriven ? renewed(objects) : objects;
  const timed: Objects = {
    read: (...object) => withTimeout(remainingMs() - SETTLE_MS, given.read(...object), clock),
  };
  return await intake(body, submissionId, timed, chooses, clock.now(), target);
}

/**
 * Returns a reader for the S3 objects of a message that an operator moved from the dead-letter queue back to the outbound queue.
 * The reader extends the lifetime of each object before it reads the object, since the lifetime may end soon.
 */
function renewed(objects: RenewableObjects): Objects {
  return {
    read: async (reference, maxBytes) => {
      await objects.renew(reference);
      return objects.read(reference, maxBytes);
    },
  };
}
