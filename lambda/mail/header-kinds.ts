import { listTokens, parseMailbox, phraseTokens } from './address.ts';
import type { Mailbox } from './message.ts';
import { MAILBOX_LIST } from './patterns.ts';

/** The tokens of a value, between which a line may be folded, or a description of the right value. */
export type HeaderRead = { readonly tokens: readonly string[] } | { readonly problem: string };

/** Syntax of a structured header; all others are free text. */
type HeaderKind = keyof typeof KINDS;

/** Longest word that is not encoded: with the longest name before it, it still fits a line of 998. */
export const MAX_WORD = 900;

// The pattern is used in JSON Schema, whose `\s` is that of ECMAScript; it has no Unicode flag, so that every validator
// can read it.
const ID = `<[!-;=?-~]{1,${MAX_WORD - 2}}>`;

const KINDS = {
  /** Message ids (RFC 5322 section 3.6.4). */
  ids: {
    expected: `message ids in angle brackets, such as <a@example.com>, of ASCII, at most ${MAX_WORD} characters each`,
    pattern: `^(?:[\\s,]*${ID})+[\\s,]*$`,
    read: (value: string) => value.match(new RegExp(ID, 'g')) ?? [],
  },
  /** An id in angle brackets, optionally after a phrase (RFC 2919 section 3). */
  listId: {
    expected: 'an id of ASCII in angle brackets, with a name before it if you like, such as News <news.example.com>',
    pattern: '^(?:[^<>]*<[!-;=?-~]{1,255}>\\s*|\\s*[!-;=?-~]{1,255}\\s*)$',
    read(value: string, room: number) {
      const [, name = '', id = value.trim()] = /^([^<>]*)<(.*)>\s*$/su.exec(value) ?? [];
      const phrase = unquoted(name.replace(/\s+/g, ' ').trim());
      return [...(phrase === '' ? [] : phraseTokens(phrase, room)), `<${id}>`];
    },
  },
  /** Words of ASCII that programs compare literally: tokens, numbers, URIs. */
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

/** Headers with a mailbox, or several separated by commas. */
const MAILBOXES =
  'disposition-notification-to return-receipt-to x-confirm-reading-to errors-to mail-followup-to mail-reply-to';

/**
 * Patterns of names in lower case, and of their values; the pattern for mailboxes is stricter than {@link
 * readStructured}.
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

/** The same patterns, compiled once: each mail has some headers. */
const COMPILED = STRUCTURED.map(({ kind, names, pattern }) => ({
  kind,
  names: new RegExp(names),
  pattern: new RegExp(pattern),
}));

/**
 * Reads the value of a header with words for programs (IANA's registry of message headers, and further ones that mail
 * systems write; 2026-11-28): normalises white space, and refuses values that would need encoding. Undefined for free
 * text.
 *
 * @param room free characters on the first line
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

/** A phrase without its surrounding quotes. */
function unquoted(phrase: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/su.exec(phrase)?.[1];
  return quoted === undefined ? phrase : quoted.replace(/\\(.)/gsu, '$1');
}
