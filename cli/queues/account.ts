import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type FoundQueue, foundQueue, isOf } from './found-queue.ts';

/** Queues of a stack in an AWS account, over the AWS CLI with its credentials. */
export class QueuesAccount {
  readonly #stack: string;
  readonly #region: readonly string[];

  constructor(stack: string, region: string | undefined) {
    this.#stack = stack;
    this.#region = region === undefined ? [] : ['--region', region];
  }

  /** All queues of the stack, and those that it left behind. */
  async list(): Promise<FoundQueue[]> {
    const [inStack, { QueueUrls = [] }, { EventSourceMappings = [] }] = await Promise.all([
      this.#queuesInStack(),
      this.#aws<{ QueueUrls?: string[] }>('sqs', 'list-queues', '--queue-name-prefix', `${this.#stack}-`),
      this.#aws<{ EventSourceMappings?: { UUID: string; EventSourceArn?: string }[] }>(
        'lambda',
        'list-event-source-mappings',
      ),
    ]);
    const own = QueueUrls.filter((url) => isOf(this.#stack, url.split('/').at(-1) ?? ''));
    return await Promise.all(
      own.map(async (url) => foundQueue(url, await this.#attributes(url), inStack, EventSourceMappings)),
    );
  }

  /** Deletes a queue with its consumers, unless a message has arrived meanwhile. Returns whether it is gone. */
  async remove({ url, consumers }: FoundQueue): Promise<boolean> {
    const { messages } = foundQueue(url, await this.#attributes(url), new Set(), []);
    if (messages > 0) return false;
    for (const uuid of consumers) await this.#aws('lambda', 'delete-event-source-mapping', '--uuid', uuid);
    await this.#aws('sqs', 'delete-queue', '--queue-url', url);
    return true;
  }

  async setPolicy({ url }: FoundQueue, policy: string): Promise<void> {
    await this.#aws(
      'sqs',
      'set-queue-attributes',
      '--queue-url',
      url,
      '--attributes',
      JSON.stringify({ Policy: policy }),
    );
  }

  async #attributes(url: string): Promise<Record<string, string>> {
    const answer = await this.#aws<{ Attributes?: Record<string, string> }>(
      'sqs',
      'get-queue-attributes',
      '--queue-url',
      url,
      '--attribute-names',
      'All',
    );
    return answer.Attributes ?? {};
  }

  /** URLs of the queues that are a part of the stack; none if there is no such stack. */
  async #queuesInStack(): Promise<ReadonlySet<string>> {
    try {
      const { StackResourceSummaries = [] } = await this.#aws<{
        StackResourceSummaries?: { ResourceType: string; PhysicalResourceId?: string; ResourceStatus: string }[];
      }>('cloudformation', 'list-stack-resources', '--stack-name', this.#stack);
      const existing = StackResourceSummaries.filter(
        ({ ResourceType, ResourceStatus }) =>
          ResourceType === 'AWS::SQS::Queue' && !/^DELETE_(COMPLETE|SKIPPED)$/.test(ResourceStatus),
      );
      return new Set(existing.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []));
    } catch (error) {
      if (/does not exist/.test((error as Error).message)) return new Set();
      throw error;
    }
  }

  async #aws<T>(...parameters: readonly string[]): Promise<T> {
    try {
      const all = [...parameters, ...this.#region, '--output', 'json'];
      const { stdout } = await promisify(execFile)('aws', all, {
        env: { ...process.env, AWS_PAGER: '' },
        maxBuffer: 64 * 1024 * 1024,
      });
      return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as T;
    } catch (error) {
      const { code, stderr = '', message } = error as { code?: unknown; stderr?: string; message: string };
      if (code === 'ENOENT') throw new Error('this command needs the AWS CLI (`aws`) on the PATH');
      throw new Error(`aws ${parameters.slice(0, 2).join(' ')}: ${stderr.trim() || message}`);
    }
  }
}
