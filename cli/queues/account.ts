import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DeleteEventSourceMappingCommand,
  type EventSourceMappingConfiguration,
  LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';
import {
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  paginateListQueues,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { defined } from '../../lambda/platform/defined.ts';
import { type FoundQueue, foundQueue, isOf } from './found-queue.ts';

/** Access to the queues of a stack in an AWS account, with the credentials that the AWS SDK finds for the user. */
export class QueuesAccount {
  readonly #stack: string;
  readonly #sqs: SQSClient;
  readonly #lambda: LambdaClient;
  readonly #cloudFormation: CloudFormationClient;

  constructor(stack: string, region: string | undefined) {
    const settings = defined({ region });
    this.#stack = stack;
    this.#sqs = new SQSClient(settings);
    this.#lambda = new LambdaClient(settings);
    this.#cloudFormation = new CloudFormationClient(settings);
  }

  /** Returns all queues of the stack, and all queues that were removed from the stack but still exist. */
  async list(): Promise<FoundQueue[]> {
    const [inStack, own, mappings] = await Promise.all([this.#queuesInStack(), this.#urls(), this.#mappings()]);
    return await Promise.all(own.map(async (url) => foundQueue(url, await this.#attributes(url), inStack, mappings)));
  }

  /**
   * Deletes a queue and its event source mappings, unless a message has arrived on the queue since it was listed. Returns whether the queue
   * was deleted.
   */
  async remove({ url, consumers }: FoundQueue): Promise<boolean> {
    const { messages } = foundQueue(url, await this.#attributes(url), new Set(), []);
    if (messages > 0) return false;
    for (const UUID of consumers) await this.#lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
    await this.#sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    return true;
  }

  async setPolicy({ url }: FoundQueue, Policy: string): Promise<void> {
    await this.#sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
  }

  async #attributes(url: string): Promise<Record<string, string>> {
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
    return (await this.#sqs.send(command)).Attributes ?? {};
  }

  /** Returns the URLs of all queues that belong to the stack according to their names. */
  async #urls(): Promise<string[]> {
    const urls: string[] = [];
    // SQS returns the list of queues in pages only if the request has MaxResults.
    const query = { QueueNamePrefix: `${this.#stack}-`, MaxResults: 1_000 };
    for await (const { QueueUrls = [] } of paginateListQueues({ client: this.#sqs }, query)) urls.push(...QueueUrls);
    return urls.filter((url) => isOf(this.#stack, url.split('/').at(-1) ?? ''));
  }

  async #mappings(): Promise<EventSourceMappingConfiguration[]> {
    const found: EventSourceMappingConfiguration[] = [];
    for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings({ client: this.#lambda }, {}))
      found.push(...EventSourceMappings);
    return found;
  }

  /** Returns the URLs of the queues that are a part of the stack; the set is empty if the stack does not exist. */
  async #queuesInStack(): Promise<ReadonlySet<string>> {
    const urls = new Set<string>();
    try {
      const pages = paginateListStackResources({ client: this.#cloudFormation }, { StackName: this.#stack });
      for await (const { StackResourceSummaries = [] } of pages)
        for (const { ResourceType, ResourceStatus = '', PhysicalResourceId } of StackResourceSummaries)
          if (ResourceType === 'AWS::SQS::Queue' && !/^DELETE_(COMPLETE|SKIPPED)$/.test(ResourceStatus))
            if (PhysicalResourceId !== undefined) urls.add(PhysicalResourceId);
    } catch (error) {
      if (!/does not exist/.test((error as Error).message)) throw error;
    }
    return urls;
  }
}
