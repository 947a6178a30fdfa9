import type { InboundFlag } from '../contract/inbound.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** All values of a header, in order. */
export function valuesOf(headers: Headers, name: string): string[] {
  return headers.flatMap(([given, value]) => (given.toLowerCase() === name ? [value] : []));
}

const MAX_REFERENCES = 1_000;
const MESSAGE_ID = /<[^<>\s]{1,998}>/g;

/** The message ids of a header, with angle brackets. */
export function messageIds(values: readonly string[]): string[] {
  return values.flatMap((value) => value.match(MESSAGE_ID) ?? []).slice(0, MAX_REFERENCES);
}

/** The one message id of a header; some senders leave the brackets out, and some write spaces into it. */
export function messageId(values: readonly string[]): string | undefined {
  const [value] = values;
  const [id] = messageIds(values);
  if (id !== undefined) return id;
  const bare = value?.replace(/[\s<>]+/g, '').slice(0, 998);
  return bare ? `<${bare}>` : undefined;
}

/** The time of a Date header, as ISO 8601 in UTC; undefined if there is none that can be read. */
export function isoDate(value: string | undefined): string | undefined {
  const bare = value
    ?.slice(0, 200)
    .replace(/\([^()]*\)/g, ' ')
    .trim();
  const time = bare ? new Date(bare) : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) return undefined;
  const iso = time.toISOString();
  return /^\d{4}-/.test(iso) ? iso : undefined;
}

/** RFC 3696, erratum 1690, would have 254; some take more. */
const MAX_ADDRESS = 320;
/** Nobody reads an answer there: RFC 3834, section 2, names the server's and the list's own addresses. */
const PROGRAM = /^(mailer-daemon|no-?reply|do-?not-?reply|owner-[^@]*|[^@]*-request)(\+[^@]*)?@/i;

/** What the headers say of a mail that no program should answer, or not like a person's. */
export function flagsOf(headers: Headers, sender: string | null | undefined): InboundFlag[] {
  const has = (name: string, value = /./) => valuesOf(headers, name).some((given) => value.test(given));
  const autoReply =
    PROGRAM.test(sender?.slice(0, MAX_ADDRESS) ?? '') ||
    // RFC 3834: anything but `no`.
    has('auto-submitted', /^\s*(?!no\b)\S/i) ||
    has('precedence', /^\s*auto[_-]reply/i) ||
    ['x-autoreply', 'x-autorespond', 'x-auto-reply'].some((name) => has(name, /^\s*(?!no\b)\S/i));
  const bounce =
    sender === null ||
    (sender === undefined && has('content-type', /^\s*multipart\/report\b[\s\S]*report-type\s*=\s*"?delivery-status/i));
  const list = headers.some(([name]) => /^(list-|mailing-list$)/i.test(name)) || has('precedence', /^\s*list\b/i);
  return [
    ...(autoReply ? (['auto-reply'] as const) : []),
    ...(bounce ? (['bounce'] as const) : []),
    ...(list ? (['list'] as const) : []),
    ...(has('x-mailover-id') ? (['loop'] as const) : []),
  ];
}
