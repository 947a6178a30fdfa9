/** A queue of a deployment. It is a part of the stack, or it was removed from the stack but still exists. */
export interface FoundQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** Whether the queue was left behind: it is not a part of the stack, or the stack does not exist. */
  readonly left: boolean;
  /** Whether the queue is the outbound queue, to which programs submit mail. */
  readonly outbound: boolean;
  /** Whether the queue contains mail that is to be sent: it is the outbound queue or a retry queue. */
  readonly sends: boolean;
  /** Number of messages on the queue: waiting, delayed and being processed. */
  readonly messages: number;
  /** Ids of the event source mappings that read the queue. */
  readonly consumers: readonly string[];
  /** The policy of the queue, as JSON text. */
  readonly policy: string | undefined;
}

/**
 * Whether a queue with this name belongs to Mailover in this stack. A name consists of the name of the stack, the logical id and
 * a random part, joined by hyphens. Of these parts only the name of the stack may contain hyphens, so a queue of the stack
 * `Mailover-eu` does not count as a queue of `Mailover`.
 */
export function isOf(stack: string, name: string): boolean {
  const [logicalId = '', random, ...more] = name.startsWith(`${stack}-`) ? name.slice(stack.length + 1).split('-') : [];
  return random !== undefined && more.length === 0 && KINDS.test(logicalId);
}

const KINDS =
  /(Queues(Outbound|Retry|DeadLetter|Events|Undelivered|Inbound)|InboundSes|Events[a-z0-9]+(Queue|DeadLetter))/;

/** Creates the description of a queue from the answers of AWS. */
export function foundQueue(
  url: string,
  attributes: Readonly<Record<string, string>>,
  inStack: ReadonlySet<string>,
  mappings: readonly { readonly UUID?: string | undefined; readonly EventSourceArn?: string | undefined }[],
): FoundQueue {
  const arn = attributes['QueueArn'] ?? '';
  const name = url.split('/').at(-1) ?? '';
  const count = (kind: string) => Number(attributes[`ApproximateNumberOfMessages${kind}`] ?? 0);
  return {
    name,
    url,
    arn,
    left: !inStack.has(url),
    outbound: /QueuesOutbound/.test(name),
    sends: /Queues(Outbound|Retry)/.test(name),
    messages: count('') + count('NotVisible') + count('Delayed'),
    consumers: mappings.flatMap(({ UUID = [], EventSourceArn }) => (EventSourceArn === arn ? UUID : [])),
    policy: attributes['Policy'] || undefined,
  };
}

const CLOSED = 'MailoverClosed';

interface Statement {
  readonly Sid?: string;
}

/**
 * Returns the policy of a queue, with a statement that refuses new messages if `closed` is true, and without this statement
 * otherwise. All other statements stay unchanged.
 */
export function withClosing(policy: string | undefined, arn: string, closed: boolean): string {
  const { Version = '2012-10-17', Statement = [] } = (policy ? JSON.parse(policy) : {}) as {
    readonly Version?: string;
    readonly Statement?: readonly Statement[];
  };
  const others = Statement.filter(({ Sid }) => Sid !== CLOSED);
  const closing = { Sid: CLOSED, Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: arn };
  const all = closed ? [...others, closing] : others;
  return all.length > 0 ? JSON.stringify({ Version, Statement: all }) : '';
}
