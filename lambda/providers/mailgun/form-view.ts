import { type FormField, type PostedForm, textOf } from '../../mail/form.ts';
import { jsonOf } from '../event-fields.ts';
import { headerValue } from '../header-value.ts';

/** A form that Mailgun has posted. Mailgun's own fields are separated from the fields that repeat a header of the mail. */
export interface FormView {
  /** The headers of the mail as listed in `message-headers`; undefined if the form lacks the field `message-headers`. */
  readonly headers: readonly (readonly [name: string, value: string])[] | undefined;
  /**
   * The fields of the form that may repeat headers of the mail, in order. They are used only if `headers` is undefined or empty.
   */
  readonly headerFields: readonly (readonly [name: string, value: string])[];
  readonly complete: boolean;
  /** Files in order, with their field names. */
  readonly files: readonly FormField[];
  /**
   * Returns the value of Mailgun's own field `name` as text. Fields of this name that repeat a header of the mail are ignored.
   */
  text(name: string): string | undefined;
  bytes(name: string): Buffer | undefined;
  /** Returns the values of all fields `name` as text, except fields that repeat a header of the mail. */
  all(name: string): readonly string[];
}

/**
 * Separates Mailgun's own fields from the fields that repeat a header. Mailgun posts every header of a mail as a field too
 * (receive-http, 2026-11-25). Therefore a mail with a header `recipient` or `message-url`, which its sender can write, produces a
 * second field of this name.
 */
export function viewOf(form: PostedForm): FormView {
  const byName = new Map<string, FormField[]>();
  for (const field of form.fields) {
    const group = byName.get(field.name);
    if (group) group.push(field);
    else byName.set(field.name, [field]);
  }
  const headers = messageHeaders(byName.get('message-headers') ?? byName.get('Message-headers') ?? []);
  const copies = countsOf(headers ?? []);
  // Mailgun's manual writes some field names with a capital letter, such as `Body-plain` (receive-http, 2026-11-28).
  const posted = (name: string): readonly FormField[] => {
    const fields = byName.get(name) ?? [];
    return fields.length > 0 || !EITHER_CASE.has(name) ? fields : (byName.get(capitalised(name)) ?? []);
  };
  const own = (name: string): readonly FormField[] => {
    const fields = posted(name);
    const left = new Map(copies.get(fields[0]?.name ?? name));
    if (left.size === 0) return fields;
    const rest = fields.filter(({ value }) => {
      const text = textOf(value);
      const count = left.get(text) ?? 0;
      if (count > 0) left.set(text, count - 1);
      return count === 0;
    });
    // Mailgun always posts some fields. If all fields of such a name repeat a header, Mailgun has posted its own field and the
    // header as one field, so this field is used.
    return rest.length > 0 || !ALWAYS.has(name) ? rest : fields;
  };
  return {
    headers,
    headerFields: form.fields.flatMap(({ name, filename, value }): [string, string][] =>
      filename === undefined && isHeaderName(name) ? [[name, textOf(value)]] : [],
    ),
    complete: form.complete,
    files: form.fields.filter(({ filename, name }) => filename !== undefined && FILE.test(name)),
    text: (name) => {
      const [field] = own(name);
      return field && textOf(field.value);
    },
    bytes: (name) => own(name)[0]?.value,
    all: (name) => own(name).map(({ value }) => textOf(value)),
  };
}

function capitalised(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Returns how often each value of a header occurs, by the name of the header. */
function countsOf(headers: readonly (readonly [string, string])[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const [name, value] of headers) {
    const own = counts.get(name) ?? new Map<string, number>();
    counts.set(name, own.set(value, (own.get(value) ?? 0) + 1));
  }
  return counts;
}

/** Whether Mailgun itself posts a field of this name (receive-http, 2026-11-25), or uses the name for a file of the mail. */
export function isOwnName(name: string): boolean {
  return OWN.has(name) || EITHER_CASE.has(name.toLowerCase()) || FILE.test(name);
}

/**
 * Whether a field of this name repeats a header. Such names begin with a capital letter, and the names of Mailgun's own fields
 * with a small letter.
 */
function isHeaderName(name: string): boolean {
  return /^[A-Z][A-Za-z0-9-]{0,99}$/.test(name) && !EITHER_CASE.has(name.toLowerCase());
}

const FILE = /^(attachment|inline|file)\b/i;

/**
 * Returns the list in the field `message-headers`; undefined if it is missing or unreadable. Of several such fields, the longest
 * is Mailgun's own: the other fields repeat headers of the mail, and Mailgun's list contains these headers too.
 */
function messageHeaders(fields: readonly FormField[]): [string, string][] | undefined {
  const longest = fields.toSorted((one, other) => other.value.length - one.value.length)[0];
  if (longest === undefined) return undefined;
  const json = jsonOf(textOf(longest.value));
  if ('problem' in json || !Array.isArray(json.value)) return undefined;
  return json.value.flatMap((entry: unknown): [string, string][] => {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') return [];
    const value = headerValue(entry[1]);
    return value === undefined ? [] : [[entry[0], value]];
  });
}

/** Names of the fields that Mailgun posts in every form. */
const ALWAYS: ReadonlySet<string> = new Set([
  'recipient',
  'sender',
  'from',
  'subject',
  'timestamp',
  'token',
  'signature',
]);

/**
 * Names of Mailgun's own fields that may begin with a capital letter. These fields are about the content of the mail, and not
 * about its envelope or the signature.
 */
const EITHER_CASE: ReadonlySet<string> = new Set([
  'body-plain',
  'body-html',
  'stripped-text',
  'stripped-html',
  'message-headers',
  'content-id-map',
  'attachments',
  'attachment-count',
]);

const OWN: ReadonlySet<string> = new Set([
  ...ALWAYS,
  'recipients',
  'event',
  'body-mime',
  'stripped-signature',
  'message-url',
]);
