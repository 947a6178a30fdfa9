import type { InboundRoute } from '../../local/api/stack-info.ts';
import { encodeForm, type FormField, type WireBody } from '../../local/simulators/inbound/form.ts';
import { sign } from '../../local/simulators/mailgun/webhook.ts';

/** A request of a provider in a file: Mailgun's form as `fields` and `files`, or the JSON that Postmark posts. */
export type Payload = Readonly<Record<string, unknown>>;

interface MailgunForm {
  readonly fields: Readonly<Record<string, string>>;
  readonly files?: readonly { name: string; filename: string; contentType: string; content: string }[];
}

/** A request as the provider would post it now, with its credentials. */
export type PayloadRequest = WireBody & { readonly path: string; readonly authorization?: string };

/** The request in a file; undefined if it belongs to another provider type. */
export function requestOf(payload: Payload, type: string, route: InboundRoute): PayloadRequest | undefined {
  const { path = '', signingKey = '', username = '', password = '' } = route;
  if (type === 'postmark')
    return {
      path,
      contentType: 'application/json',
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      body: Buffer.from(JSON.stringify(payload)),
    };
  const { fields, files = [] } = payload as Partial<MailgunForm>;
  if (type !== 'mailgun' || typeof fields !== 'object' || fields === null) return undefined;
  const entries: FormField[] = [
    ...Object.entries(fields),
    ...Object.entries(sign(signingKey, Math.floor(Date.now() / 1000))),
    ...files.map(
      ({ name, filename, contentType, content }): FormField => [name, Buffer.from(content), { filename, contentType }],
    ),
  ];
  return { path, ...encodeForm(entries) };
}

/** Envelope recipients of a request, by which its message on the inbound queue is found. */
export function recipientsOf(payload: Payload): string[] {
  const { fields = {}, OriginalRecipient } = payload as {
    fields?: Record<string, string>;
    OriginalRecipient?: unknown;
  };
  const given = fields['recipient'] ?? OriginalRecipient;
  return typeof given === 'string' ? given.split(',').map((address) => address.trim()) : [];
}
