import { defined } from '../../lambda/platform/defined.ts';
import { RequestError } from './request-error.ts';

/** Fields of a sent message other than its body and attributes. */
export interface Sent {
  /** The system attribute `AWSTraceHeader` of the message. If the attribute is missing, the header `X-Amzn-Trace-Id` of the request. */
  readonly traceHeader?: string;
  /** `MessageGroupId`, for fair queues. */
  readonly groupId?: string;
}

/** Valid MessageGroupId: up to 128 letters, digits and punctuation marks (SendMessage, API reference, collected 2026-11-28). */
export const GROUP_ID = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

type SendFields = Record<string, unknown> & { MessageAttributes?: object };

/**
 * Fields of each message. The key is the object with the message's attributes: fauxqs (the local SQS) keeps this object from the
 * request, and drops all other fields.
 */
const sent = new WeakMap<object, Sent>();

/**
 * Stores the message group and the trace header of each message in a SendMessage or SendMessageBatch, before fauxqs creates the
 * messages.
 */
export function recordSentFields(operation: string, input: SendFields, traceHeader: string | undefined): void {
  for (const fields of entriesOf(operation, input)) {
    fields.MessageAttributes ??= {};
    const trace = systemTrace(fields) ?? traceHeader;
    const groupId = groupOf(fields);
    sent.set(fields.MessageAttributes, defined({ traceHeader: trace || undefined, groupId: groupId || undefined }));
  }
}

/** Returns the message group and the trace header of a message, even if the message was moved to another queue. */
export function sentWith({ messageAttributes }: { readonly messageAttributes: object }): Sent {
  return sent.get(messageAttributes) ?? {};
}

/** Adds the trace header to the messages in the answer of a ReceiveMessage, if the request asks for this attribute. */
export function addSent(input: SendFields, { Messages = [] }: { Messages?: Received[] }, find: Find): void {
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

/** Returns the messages in the request of a SendMessage or SendMessageBatch; an empty list for any other operation. */
export function entriesOf(operation: string, input: SendFields): SendFields[] {
  if (operation === 'SendMessage') return [input];
  const { Entries: entries } = input;
  return operation === 'SendMessageBatch' && Array.isArray(entries) ? entries : [];
}

function groupOf({ MessageGroupId: group }: SendFields): string | undefined {
  if (group === undefined) return undefined;
  if (typeof group === 'string' && GROUP_ID.test(group)) return group;
  throw new RequestError(
    'InvalidParameterValue',
    'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length',
  );
}

function systemTrace({ MessageSystemAttributes: system }: SendFields): string | undefined {
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
