import { setTimeout as wait } from 'node:timers/promises';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSRecord } from 'aws-lambda';
import type { Pool } from '../../local/lambda/pool.ts';
import { failedMessages } from '../../local/lambda/sqs-event.ts';
import { invocationsBefore, LOOP_LIMIT } from '../../local/lambda/trace.ts';
import type { DeployedMapping } from '../../local/template/deployed.ts';

const PAUSE_MS = 300;

/**
 * Does the work of a Lambda event source mapping: receives messages through the API of SQS with the credentials of the function's
 * role, invokes the function, and deletes the messages that did not fail.
 */
export class SqsPoller {
  readonly #mapping: DeployedMapping;
  readonly #sqs: SQSClient;
  readonly #pool: Pool;
  readonly #url: string;
  readonly #running: Promise<void>;
  #ended = false;
  /**
   * Length of the longest chain of invocations so far. A chain continues when an invocation sends a message that causes the next
   * invocation.
   */
  longestChain = 0;

  constructor(mapping: DeployedMapping, url: string, sqs: SQSClient, pool: Pool) {
    this.#mapping = mapping;
    this.#url = url;
    this.#sqs = sqs;
    this.#pool = pool;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const batch = await this.#receive();
      if (batch.length > 0) await this.#process(batch);
      else await wait(PAUSE_MS);
    }
  }

  async #receive(): Promise<SQSRecord[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: this.#mapping.batchSize,
        MessageAttributeNames: ['All'],
        AttributeNames: ['All'],
      }),
    );
    return Messages.map((message) => recordOf(message, this.#mapping.queueArn));
  }

  async #process(batch: readonly SQSRecord[]): Promise<void> {
    const causes = batch.map(({ attributes }) => attributes.AWSTraceHeader);
    const before = Math.max(...causes.map(invocationsBefore));
    // Here Lambda's detection of recursive loops refuses the invocation. The messages stay on the queue, and their receive count
    // has grown.
    if (before >= LOOP_LIMIT && !this.#pool.target.allowsLoops) return;
    this.longestChain = Math.max(this.longestChain, before + 1);
    const answer = await this.#pool
      .invoke({ Records: batch }, () => {}, causes)
      .catch(() => ({ batchItemFailures: null }));
    const failed = this.#mapping.reportsBatchItemFailures ? failedMessages(answer, batch) : new Set<string>();
    for (const { messageId, receiptHandle: ReceiptHandle } of batch)
      if (!failed.has(messageId))
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle }));
  }
}

function recordOf(message: Message, queueArn: string): SQSRecord {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: message.Attributes as unknown as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(
      attributes.map(([name, { StringValue, DataType }]) => [
        name,
        { stringValue: StringValue ?? '', stringListValues: [], binaryListValues: [], dataType: DataType as 'String' },
      ]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(':')[3] ?? '',
  };
}
