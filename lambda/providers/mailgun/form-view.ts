import { type FormField, type PostedForm, textOf } from '../../mail/form.ts';
import { jsonOf } from '../event-fields.ts';
import { headerValue } from '../header-value.ts';

/** The fields of a form that Mailgun posts. Mailgun's own fields are separated from the fields that repeat a header of the mail. */
export interface FormView {
  /** The headers of the mail as listed in `message-headers`; undefined if the form lacks the field `message-headers`. */
  readonly headers: readonly (readonly [name: string, value: string])[] | undefined;
  /** Fields that may repeat headers of the mail, in order; used if the list of headers is empty. */
  readonly headerFields: readonly (readonly [name: string, value: string])[];
  readonly complete: boolean;
  /** Files in order, with their field names. */
  readonly files: readonly FormField[];
  /**
   * Returns Mailgun's own value of the field `name` as text, and never a header of the mail that Mailgun copied to a field of
   * this name.
   */
  text(name: string): string | undefined;
  bytes(name: string): Buffer | undefined;
  /** Returns all values of the field `name` as text, except headers that Mailgun copied from the mail. */
  all(name: string): readonly string[];
}

/**
 * Separates Mailgun's own fields from copied headers. Mailgun also posts every header of a mail as a field (receive-http,
 * 2026-11-25). Therefore a sender who writes a header `recipient` or `message-url` adds a second field of this name to the form.
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
  // Mailgun's manual writes some field names with a capital letter (receive-http, `Body-plain`, 2026-11-28).
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
    // If no field is left for a name that Mailgun always writes, Mailgun has merged its own field with the copied header, so the
    // copied header is used.
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

/** Counts how often each value occurs, by the name of the header. */
function countsOf(headers: readonly (readonly [string, string])[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const [name, value] of headers) {
    const own = counts.get(name) ?? new Map<string, number>();
    counts.set(name, own.set(value, (own.get(value) ?? 0) + 1));
  }
  return counts;
}

/** Whether Mailgun itself writes a field of this name (receive-http, 2026-11-25), or uses the name for a file of the mail. */
export function isOwnName(name: string): boolean {
  return OWN.has(name) || EITHER_CASE.has(name.toLowerCase()) || FILE.test(name);
}

/**
 * Whether a field is a copied header: Mailgun begins the names of headers with a capital letter, and the names of its own fields
 * with a small letter.
 */
function isHeaderName(name: string): boolean {
  return /^[A-Z][A-Za-z0-9-]{0,99}$/.test(name) && !EITHER_CASE.has(name.toLowerCase());
}

const FILE = /^(attachment|inline|file)\b/i;

/**
 * Returns the list in the field `message-headers`. If there are several such fields, the longest is Mailgun's own: the other
 * fields are copied headers of the mail, which Mailgun's list contains too.
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

/** Names of the fields that every form of Mailgun has. */
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
 * Fields whose names may begin with a capital letter. These fields are about the content of the mail only, not about its envelope
 * or the signature.
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
