/** A queue of a deployment, in the stack or left behind by it. */
export interface FoundQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** Left behind: it is not a part of the stack, or the stack does not exist. */
  readonly left: boolean;
  /** The queue of the producers. */
  readonly outbound: boolean;
  /** Mail of producers waits there: on the outbound queue or a retry queue. */
  readonly sends: boolean;
  /** Messages on it: waiting, delayed and being processed. */
  readonly messages: number;
  /** Ids of the event source mappings that read it. */
  readonly consumers: readonly string[];
  /** The policy of the queue, as JSON text. */
  readonly policy: string | undefined;
}

/**
 * Whether a queue is one of Mailover in this stack, by its name: the stack, the logical id and a random part, of which only the first may have
 * hyphens. So `Mailover-eu` is no part of `Mailover`.
 */
export function isOf(stack: string, name: string): boolean {
  const [logicalId = '', random, ...more] = name.startsWith(`${stack}-`) ? name.slice(stack.length + 1).split('-') : [];
  return random !== undefined && more.length === 0 && KINDS.test(logicalId);
}

const KINDS =
  /(Queues(Outbound|Retry|DeadLetter|Events|Undelivered|Inbound)|InboundSes|Events[a-z0-9]+(Queue|DeadLetter))/;

/** What a queue is, from the answers of AWS. */
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

/** The policy of a queue with or without the statement that refuses new messages; all other statements stay. */
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
