import type { SQSBatchResponse } from 'aws-lambda';
import { within } from '../../lambda/platform/within.ts';
import type { Handler } from '../world/lambda.ts';
import type { SimulatedWorker } from '../world/worker.ts';
import type { SimulatedWorld } from '../world/world.ts';
import { callOf, SILENT_LOG } from './ports.ts';
import type { PreviousRelease } from './previous.ts';

/** What the handler of release 0.1.0 keeps free for its answer, in milliseconds. */
const ANSWER_MS = 1_500;

/** A process of release 0.1.0: its sender behind its own handler, which is written out here since that file reads the environment. */
export function previousProcess(
  { createSender, definitions }: PreviousRelease,
  worker: SimulatedWorker,
  world: SimulatedWorld,
): Handler {
  const random = world.random(`process ${worker.name}`);
  const send = createSender({
    environment: world.environment,
    definitions,
    call: callOf(world, worker),
    queue: world.queuesOf(worker),
    objects: world.objects.of(worker),
    log: SILENT_LOG,
    count: () => undefined,
    now: worker.clock.now,
    random: () => random.next(),
  });
  return async (records, lambdaRemainingMs): Promise<SQSBatchResponse> => {
    let answered = false;
    const remainingMs = () => (answered ? 0 : lambdaRemainingMs());
    const results = await Promise.allSettled(
      records.map((record) => within(remainingMs() - ANSWER_MS, send(record, remainingMs), worker.clock)),
    );
    answered = true;
    return {
      batchItemFailures: results.flatMap(({ status }, place) =>
        status === 'rejected' ? [{ itemIdentifier: records[place]?.messageId ?? '' }] : [],
      ),
    };
  };
}
