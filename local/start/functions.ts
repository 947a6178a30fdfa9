import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { runPipe } from '../aws/event-bus.ts';
import { LocalQueue } from '../aws/queue.ts';
import type { AwsServer } from '../aws/server.ts';
import { functionEnvironment, type StackEnvironment } from '../lambda/function-environment.ts';
import { runFunctions } from '../lambda/running-functions.ts';
import { runSchedules } from '../lambda/schedule.ts';
import type { Deployment } from '../template/deployed.ts';
import type { Start } from './start.ts';

/**
 * Starts the functions with their event source mappings and schedules, and the EventBridge pipes. Rejects if the start is
 * cancelled.
 */
export async function startFunctions(
  start: Start,
  { queues }: AwsServer,
  deployment: Deployment,
  surroundings: StackEnvironment,
): Promise<void> {
  const { clock, faults, monitoring, live, closers, signal } = start;
  const log = createWriteStream(start.logFile ?? join(start.directory, 'functions.log'));
  closers.push(() => new Promise((resolve) => log.end(resolve)));
  const started = runFunctions({
    deployment,
    queues,
    faults,
    clock,
    environmentOf: (target) => functionEnvironment(target, surroundings),
    listeners: {
      onOutput(text) {
        log.write(text);
        start.onOutput(text);
        monitoring.takeLine(text);
        live.submissions?.takeLine(text);
      },
      onInvocation: (facts) => monitoring.takeInvocation(facts),
      onThrottle: (name) => monitoring.takeThrottle(name),
    },
    onStarted(running) {
      live.functions = running;
      closers.push(running.close);
    },
  });
  await Promise.race([started, aborted(signal)]);
  const { functions } = live;
  if (functions) {
    const endSchedules = runSchedules({ schedules: deployment.schedules, clock, invoke: functions.invoke });
    closers.push(async () => endSchedules());
  }
  for (const pipe of deployment.pipes) {
    const queue = queues.getQueueByArn(pipe.queueArn);
    if (queue instanceof LocalQueue) closers.push(runPipe(pipe, queue, queues, live.buses));
  }
}

/** Returns a promise that rejects when the start is cancelled, and otherwise never settles. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
