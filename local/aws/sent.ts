import { defined } from '../../lambda/platform/defined.ts';
import { RequestError } from './request-error.ts';

/** Fields of a sent message other than its body and attributes. */
export interface Sent {
  /** The system attribute `AWSTraceHeader`, or else the header of the request. */
  readonly traceHeader?: string;
  /** `MessageGroupId`, for fair queues. */
  readonly groupId?: string;
}

/** Characters of a group: letters, digits and punctuation, at most 128 (SendMessage, API reference, collected 2026-11-28). */
const GROUP_ID = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

type Entry = Record<string, unknown> & { MessageAttributes?: object };

/** Keyed by the attributes object of the request, which becomes the message's; fauxqs drops all other fields. */
const sent = new WeakMap<object, Sent>();

/** Stores these fields of a SendMessage or SendMessageBatch, before fauxqs makes messages of its entries. */
export function noteSent(operation: string, input: Entry, traceHeader: string | undefined): void {
  for (const entry of entriesOf(operation, input)) {
    entry.MessageAttributes ??= {};
    const trace = systemTrace(entry) ?? traceHeader;
    const groupId = groupOf(entry);
    sent.set(entry.MessageAttributes, defined({ traceHeader: trace || undefined, groupId: groupId || undefined }));
  }
}

/** These fields of a message, also after it was moved to another queue. */
export function sentWith({ messageAttributes }: { readonly messageAttributes: object }): Sent {
  return sent.get(messageAttributes) ?? {};
}

/** Adds the requested fields to the answer of a ReceiveMessage. */
export function addSent(input: Entry, { Messages = [] }: { Messages?: Received[] }, find: Find): void {
  const asked = [input['AttributeNames'], input['MessageSystemAttributeNames']].flat();
  if (!asked.includes('All') && !asked.includes('AWSTraceHeader')) return;
  for (const received of Messages) {
    const message = find(received.ReceiptHandle);
    const { traceHeader } = message ? sentWith(message) : {};
    if (traceHeader) received.Attributes = { ...received.Attributes, AWSTraceHeader: traceHeader };
  }
}

type Received = { readonly ReceiptHandle: string; Attributes?: Record<string, string> };
type Find = (receiptHandle: string) => { readonly messageAttributes: object } | undefined;

function entriesOf(operation: string, input: Entry): Entry[] {
  if (operation === 'SendMessage') return [input];
  const { Entries: entries } = input;
  return operation === 'SendMessageBatch' && Array.isArray(entries) ? entries : [];
}

function groupOf({ MessageGroupId: group }: Entry): string | undefined {
  if (group === undefined) return undefined;
  if (typeof group === 'string' && GROUP_ID.test(group)) return group;
  throw new RequestError(
    'InvalidParameterValue',
    'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length',
  );
}

function systemTrace({ MessageSystemAttributes: system }: Entry): string | undefined {
  if (system === undefined) return undefined;
  const { AWSTraceHeader: trace, ...others } = system as Record<string, { DataType?: string; StringValue?: string }>;
  const [other] = Object.keys(others);
  if (other !== undefined || trace?.DataType !== 'String' || !trace.StringValue)
    throw new RequestError(
      'InvalidParameterValue',
      `The message system attribute ${other ?? 'AWSTraceHeader'} is invalid: AWSTraceHeader of type String is the only one.`,
    );
  return trace.StringValue;
}
