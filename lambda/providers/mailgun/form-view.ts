import { parsePosted } from '../../contract/json-bounds.ts';
import { type FormField, type PostedForm, textOf } from '../../mail/form.ts';
import { headerValue } from '../header-value.ts';

/** The fields of Mailgun's form, with its own fields separated from those that repeat a header of the mail. */
export interface FormView {
  /** The headers of the mail as listed in `message-headers`; undefined without that field. */
  readonly headers: readonly (readonly [name: string, value: string])[] | undefined;
  /** Fields that can be headers of the mail, in order; they count if the list of headers is empty. */
  readonly headerFields: readonly (readonly [name: string, value: string])[];
  readonly complete: boolean;
  /** Files in order, with their field names. */
  readonly files: readonly FormField[];
  /** Mailgun's own value of this name as text. */
  text(name: string): string | undefined;
  bytes(name: string): Buffer | undefined;
  /** All values of this name as text, without copied headers. */
  all(name: string): readonly string[];
}

/**
 * Separates Mailgun's fields from copied headers: every header of a mail is also posted as a field (receive-http,
 * 2026-11-25), so a sender who writes a header `recipient` or `message-url` adds a second field of that name to the form.
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
  // The manual writes some names with a capital letter (receive-http, `Body-plain`, 2026-11-28).
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
    // If no field is left for a name that Mailgun always writes, Mailgun has merged its field with the copy, so the
    // copy is used.
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

/** How often each header has each value. */
function countsOf(headers: readonly (readonly [string, string])[]): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const [name, value] of headers) {
    const own = counts.get(name) ?? new Map<string, number>();
    counts.set(name, own.set(value, (own.get(value) ?? 0) + 1));
  }
  return counts;
}

/** Whether Mailgun itself writes a field of this name (receive-http, 2026-11-25), or a file of the mail may have it. */
export function isOwnName(name: string): boolean {
  return OWN.has(name) || EITHER_CASE.has(name.toLowerCase()) || FILE.test(name);
}

/** Mailgun writes headers with capital letters, and its own fields without. */
function isHeaderName(name: string): boolean {
  return /^[A-Z][A-Za-z0-9-]{0,99}$/.test(name) && !EITHER_CASE.has(name.toLowerCase());
}

const FILE = /^(attachment|inline|file)\b/i;

/** The longest of several is Mailgun's: it contains the others as values of headers. */
function messageHeaders(fields: readonly FormField[]): [string, string][] | undefined {
  const longest = fields.toSorted((one, other) => other.value.length - one.value.length)[0];
  if (longest === undefined) return undefined;
  try {
    const list: unknown = parsePosted(textOf(longest.value));
    if (!Array.isArray(list)) return undefined;
    return list.flatMap((entry: unknown): [string, string][] => {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string') return [];
      const value = headerValue(entry[1]);
      return value === undefined ? [] : [[entry[0], value]];
    });
  } catch {
    return undefined;
  }
}

/** Fields in every form of Mailgun. */
const ALWAYS: ReadonlySet<string> = new Set([
  'recipient',
  'sender',
  'from',
  'subject',
  'timestamp',
  'token',
  'signature',
]);

/** Fields with content only, which nothing else depends on. */
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
