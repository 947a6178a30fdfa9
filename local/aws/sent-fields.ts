import { defined } from '../../lambda/platform/defined.ts';
import { RequestError } from './request-error.ts';

/** Fields of a sent message that fauxqs (the local SQS) does not store. */
export interface Sent {
  /**
   * Trace header of the message: the system attribute `AWSTraceHeader` or, if it is missing, the header `X-Amzn-Trace-Id` of the
   * request.
   */
  readonly traceHeader?: string;
  /** `MessageGroupId`, for fair queues. */
  readonly groupId?: string;
}

/**
 * Matches a valid MessageGroupId: up to 128 letters, digits and punctuation marks (SendMessage, API reference, collected
 * 2026-11-28).
 */
export const GROUP_ID = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

type SendFields = Record<string, unknown> & { MessageAttributes?: object };

/**
 * The fields of each message that fauxqs drops. The key is the object with the message's attributes, since fauxqs keeps this
 * object of the request in the stored message.
 */
const sent = new WeakMap<object, Sent>();

/**
 * Stores the message group and the trace header of each message in a SendMessage or SendMessageBatch. It must be called before
 * fauxqs creates the messages. Throws a RequestError if one of the two is invalid.
 */
export function recordSentFields(operation: string, input: SendFields, traceHeader: string | undefined): void {
  for (const fields of entriesOf(operation, input)) {
    fields.MessageAttributes ??= {};
    const trace = systemTrace(fields) ?? traceHeader;
    const groupId = groupOf(fields);
    sent.set(fields.MessageAttributes, defined({ traceHeader: trace || undefined, groupId: groupId || undefined }));
  }
}

/** Returns the message group and the trace header of a message, also after the message was moved to another queue. */
export function sentWith({ messageAttributes }: { readonly messageAttributes: object }): Sent {
  return sent.get(messageAttributes) ?? {};
}

/** Adds the trace header to the messages in the answer to a ReceiveMessage, if the request asks for this attribute. */
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
