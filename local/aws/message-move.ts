import { randomUUID } from 'node:crypto';
import { defined } from '../../lambda/platform/defined.ts';
import { createMessage } from './fauxqs.ts';
import { LocalQueue, type LocalQueues } from './queue.ts';
import { RequestError } from './request-error.ts';

interface Task {
  readonly handle: string;
  readonly source: LocalQueue;
  readonly destinationArn?: string;
  readonly perSecond?: number;
  readonly startedAt: number;
  readonly toMove: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  moved: number;
  failureReason?: string;
}

/** Default rate of a redrive, in messages a second. 500 is also the largest rate that SQS allows. */
const DEFAULT_PER_SECOND = 500;
/** Interval in milliseconds at which due messages are moved. */
const TICK_MS = 20;

/**
 * Redrives of dead-letter queues (`StartMessageMoveTask`, `ListMessageMoveTasks` and `CancelMessageMoveTask`). fauxqs, the local
 * SQS, does not have these operations.
 */
export class MessageMoves {
  readonly #queues: LocalQueues;
  readonly #tasks: Task[] = [];
  readonly #timers = new Map<Task, NodeJS.Timeout>();

  constructor(queues: LocalQueues) {
    this.#queues = queues;
  }

  /**
   * Answers an SQS operation about message move tasks, and returns undefined for any other operation. Throws a RequestError on an
   * invalid request.
   */
  handle(operation: string, input: Record<string, unknown>): object | undefined {
    if (operation === 'StartMessageMoveTask') return this.#start(input);
    if (operation === 'ListMessageMoveTasks') return this.#list(input);
    if (operation === 'CancelMessageMoveTask') return this.#cancel(input);
    return undefined;
  }

  close(): void {
    for (const timer of this.#timers.values()) clearInterval(timer);
    this.#timers.clear();
  }

  #start(input: Record<string, unknown>): object {
    const source = this.#queue(input['SourceArn'], 'SourceArn');
    const { DestinationArn: destinationArn, MaxNumberOfMessagesPerSecond: perSecond } = input;
    if (destinationArn !== undefined) this.#queue(destinationArn, 'DestinationArn');
    if (!this.#isDeadLetterQueue(source)) {
      throw new RequestError('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
    }
    if (this.#tasks.some((task) => task.source === source && task.status === 'RUNNING')) {
      throw new RequestError('UnsupportedOperation', 'There is already a task running for this source queue.');
    }
    if (
      perSecond !== undefined &&
      !(Number.isInteger(perSecond) && Number(perSecond) >= 1 && Number(perSecond) <= 500)
    ) {
      throw new RequestError('InvalidParameterValue', 'MaxNumberOfMessagesPerSecond must be between 1 and 500.');
    }
    const task: Task = {
      handle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64'),
      source,
      startedAt: Date.now(),
      toMove: Number(source.getAttribute('ApproximateNumberOfMessages')),
      status: 'RUNNING',
      moved: 0,
      ...defined({
        destinationArn: typeof destinationArn === 'string' ? destinationArn : undefined,
        perSecond: typeof perSecond === 'number' ? perSecond : undefined,
      }),
    };
    this.#tasks.unshift(task);
    this.#timers.set(
      task,
      setInterval(() => this.#tick(task), TICK_MS),
    );
    return { TaskHandle: task.handle };
  }

  #list(input: Record<string, unknown>): object {
    const source = this.#queue(input['SourceArn'], 'SourceArn');
    const tasks = this.#tasks.filter((task) => task.source === source).slice(0, Number(input['MaxResults'] ?? 1));
    return {
      Results: tasks.map((task) => ({
        Status: task.status,
        SourceArn: source.arn,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        ...defined({
          TaskHandle: task.status === 'RUNNING' ? task.handle : undefined,
          DestinationArn: task.destinationArn || undefined,
          MaxNumberOfMessagesPerSecond: task.perSecond || undefined,
          FailureReason: task.failureReason || undefined,
        }),
        StartedTimestamp: task.startedAt,
      })),
    };
  }

  #cancel(input: Record<string, unknown>): object {
    const task = this.#tasks.find((candidate) => candidate.handle === input['TaskHandle']);
    if (task === undefined) throw new RequestError('ResourceNotFoundException', 'Task does not exist.');
    if (task.status !== 'RUNNING') {
      throw new RequestError('UnsupportedOperation', 'Only active tasks can be cancelled.');
    }
    this.#end(task, 'CANCELLED');
    return { ApproximateNumberOfMessagesMoved: task.moved };
  }

  #tick(task: Task): void {
    const due = Math.ceil(((Date.now() - task.startedAt) / 1000) * (task.perSecond ?? DEFAULT_PER_SECOND));
    task.source.processTimers();
    while (task.moved < Math.min(due, task.toMove)) {
      const message = task.source.messages[0];
      if (message === undefined) break;
      const arn = task.destinationArn ?? LocalQueue.originOf(message);
      const destination = arn === undefined ? undefined : this.#queues.getQueueByArn(arn);
      if (destination === undefined) {
        task.failureReason = 'CouldNotDetermineMessageSource';
        this.#end(task, 'FAILED');
        return;
      }
      task.source.messages.shift();
      // A redriven message is a new message, with a new id, a new time and a receive count of 0. It keeps the object with the
      // attributes of the old message. The message group and the trace header are stored under this object, so they stay the
      // same.
      destination.enqueue(createMessage(message.body, message.messageAttributes));
      task.moved += 1;
    }
    if (task.moved >= task.toMove || task.source.messages.length === 0) this.#end(task, 'COMPLETED');
  }

  #end(task: Task, status: Task['status']): void {
    task.status = status;
    clearInterval(this.#timers.get(task));
    this.#timers.delete(task);
  }

  #queue(arn: unknown, parameter: string): LocalQueue {
    const queue = typeof arn === 'string' ? this.#queues.getQueueByArn(arn) : undefined;
    if (queue instanceof LocalQueue) return queue;
    throw new RequestError(
      'ResourceNotFoundException',
      `The resource that you specified for the ${parameter} parameter doesn't exist.`,
    );
  }

  #isDeadLetterQueue({ arn }: LocalQueue): boolean {
    for (const { attributes } of this.#queues.allQueues()) {
      const policy = attributes['RedrivePolicy'];
      if (policy && JSON.parse(policy).deadLetterTargetArn === arn) return true;
    }
    return false;
  }
}
