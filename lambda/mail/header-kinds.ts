import { listTokens, parseMailbox, phraseTokens } from './address.ts';
import type { Mailbox } from './message.ts';
import { MAILBOX_LIST } from './patterns.ts';

/** For a valid header value: its tokens, between which the header line may be folded. Otherwise: a description of the expected value. */
export type HeaderRead = { readonly tokens: readonly string[] } | { readonly problem: string };

/** Name of the syntax that a structured header has. A header without such a syntax is free text. */
type HeaderKind = keyof typeof KINDS;

/** Largest length of a word that is not encoded. Such a word and the longest header name together fit into a line of 998 characters. */
export const MAX_WORD = 900;

// Pattern of an id in angle brackets. The patterns of this file are also used in the JSON Schema. They need no Unicode flag, so every
// JSON Schema validator supports them. `\s` has the meaning that ECMAScript defines.
const ID = `<[!-;=?-~]{1,${MAX_WORD - 2}}>`;

const KINDS = {
  /** One or more message ids (RFC 5322 section 3.6.4). */
  ids: {
    expected: `message ids in angle brackets, such as <a@example.com>, of ASCII, at most ${MAX_WORD} characters each`,
    pattern: `^(?:[\\s,]*${ID})+[\\s,]*$`,
    read: (value: string) => value.match(new RegExp(ID, 'g')) ?? [],
  },
  /** An id of a mailing list in angle brackets, optionally after a name (RFC 2919 section 3). */
  listId: {
    expected: 'an id of ASCII in angle brackets, with a name before it if you like, such as News <news.example.com>',
    pattern: '^(?:[^<>]*<[!-;=?-~]{1,255}>\\s*|\\s*[!-;=?-~]{1,255}\\s*)$',
    read(value: string, room: number) {
      const [, name = '', id = value.trim()] = /^([^<>]*)<(.*)>\s*$/su.exec(value) ?? [];
      const phrase = unquoted(name.replace(/\s+/g, ' ').trim());
      return [...(phrase === '' ? [] : phraseTokens(phrase, room)), `<${id}>`];
    },
  },
  /** ASCII words that mail programs compare literally, such as tokens, numbers and URIs. */
  words: {
    expected: `words of ASCII without encoding, at most ${MAX_WORD} characters each`,
    pattern: `^\\s*[!-~]{1,${MAX_WORD}}(?:\\s+[!-~]{1,${MAX_WORD}})*\\s*$`,
    read: (value: string) => value.split(/\s+/).filter(Boolean),
  },
} as const;

const NAMES: Readonly<Record<HeaderKind, string>> = {
  ids: 'references in-reply-to original-message-id obsoletes supersedes x-forwarded-message-id',
  listId: 'list-id',
  words:
    'accept-language alternate-recipient archived-at auto-submitted autocrypt autoforwarded autosubmitted bimi-selector ' +
    'cfbl-address cfbl-feedback-id deferred-delivery disposition-notification-options encrypted expires expiry-date feedback-id importance jabber-id ' +
    'language latest-delivery-time list-(?!id$).+ message-context mt-priority newsgroups followup-to ' +
    'original-recipient precedence prevent-nondelivery-report priority reply-by require-recipient-valid-since ' +
    'sensitivity sio-label thread-index tls-required vbr-info x-auto-response-suppress x-autoreply x-autorespond x-complaints-to x-csa-complaints ' +
    'x-entity-ref-id x-loop x-msmail-priority x-originating-ip x-priority x-report-abuse x-spam-flag',
};

/** Names of headers whose value is one mailbox, or several mailboxes separated by commas. */
const MAILBOXES =
  'disposition-notification-to return-receipt-to x-confirm-reading-to errors-to mail-followup-to mail-reply-to';

/**
 * For each kind of structured header: a pattern of the header names in lower case, and a pattern of valid values. The pattern for
 * mailboxes accepts fewer values than {@link readStructured}.
 */
export const STRUCTURED = [
  ...(Object.keys(NAMES) as HeaderKind[]).map((kind) => ({
    kind,
    names: oneOf(NAMES[kind]),
    pattern: KINDS[kind].pattern,
  })),
  { kind: 'mailboxes', names: oneOf(MAILBOXES), pattern: MAILBOX_LIST },
] as const;

function oneOf(names: string): string {
  return `^(?:${names.replaceAll(' ', '|')})$`;
}

/** The patterns of `STRUCTURED` as regular expressions. They are compiled only once, and not for each mail. */
const COMPILED = STRUCTURED.map(({ kind, names, pattern }) => ({
  kind,
  names: new RegExp(names),
  pattern: new RegExp(pattern),
}));

/**
 * Reads the value of a structured header, which mail programs interpret. Normalises white space, and refuses values that would need
 * encoding. Returns undefined for a header of free text. Most of the structured headers are in IANA's registry of message
 * headers (2026-11-28); mail systems write the other ones.
 *
 * @param room number of free characters on the first line of the header
 */
export function readStructured(name: string, value: string, room: number): HeaderRead | undefined {
  const found = COMPILED.find(({ names }) => names.test(name.toLowerCase()));
  if (found === undefined) return undefined;
  if (found.kind === 'mailboxes') return readMailboxes(value, room);
  const { expected, read } = KINDS[found.kind];
  return found.pattern.test(value) ? { tokens: read(value, room) } : { problem: expected };
}

function readMailboxes(value: string, room: number): HeaderRead {
  const mailboxes: Mailbox[] = [];
  if (value.replace(/"(?:[^"\\]|\\.)*"/gsu, '').includes('"')) return { problem: 'an address, and quotes in pairs' };
  for (const item of value.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/gsu) ?? ['']) {
    const [, name = '', address = item.trim()] = /^(.*)<([^<>]*)>\s*$/su.exec(item) ?? [];
    const mailbox = parseMailbox({ name: unquoted(name.replace(/\s+/g, ' ').trim()), address });
    if ('problem' in mailbox)
      return { problem: `an address, with a name before it in angle brackets: ${mailbox.problem}` };
    if (/\P{ASCII}/u.test(mailbox.address)) return { problem: 'an address of ASCII' };
    mailboxes.push(mailbox);
  }
  return { tokens: listTokens(mailboxes, room) };
}

/** Returns a phrase (RFC 5322) without the quotation marks around it. */
function unquoted(phrase: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/su.exec(phrase)?.[1];
  return quoted === undefined ? phrase : quoted.replace(/\\(.)/gsu, '$1');
}
