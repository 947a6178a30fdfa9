import { withoutComments } from '../mail/structured.ts';

/**
 * Largest number of message ids that are returned from a References header. The last ids are kept, since the last id is that of
 * the parent mail (RFC 5322, section 3.6.4).
 */
const MAX_REFERENCES = 100;
const MAX_ID = 998;

/** Returns the message ids of a header, with angle brackets. Words that are no ids are left out. */
export function messageIds(values: readonly string[]): string[] {
  return values.flatMap(idsOf).slice(-MAX_REFERENCES);
}

/** Returns the first message id of a header that should contain one message id; undefined if the header contains none. */
export function messageId(values: readonly string[]): string | undefined {
  const [value = ''] = values;
  const [id] = idsOf(value);
  if (id !== undefined) return id;
  // A single word without an @ is no message id by RFC 5322, but it identifies the mail nevertheless.
  const bare = value.replace(/[\s<>]+/g, '').slice(0, MAX_ID);
  return bare && !/\s/.test(value.trim()) ? `<${bare}>` : undefined;
}

const IN_BRACKETS = /<([^<>]{1,1100})>/g;
const IDS = /<([^<>]{1,1100})>|([^\s<>,;()"]{1,998})/g;

/**
 * Returns the ids in angle brackets. Some mail clients omit the brackets. Therefore ids without brackets are returned, too, if
 * the header contains nothing but ids, or no id in brackets. Otherwise words and addresses next to an id in brackets are no ids.
 */
function idsOf(value: string): string[] {
  const bare = withoutComments(value);
  const given = bare.trim() === '' ? value : bare;
  const words = given.replace(IN_BRACKETS, ' ').match(IDS) ?? [];
  const found = words.every(isId) ? given.matchAll(IDS) : given.matchAll(IN_BRACKETS);
  const ids = [...found].flatMap(([, id, word = '']) => idOf(id ?? word));
  return ids.length > 0 ? ids : words.filter(isId).flatMap(idOf);
}

function isId(word: string): boolean {
  return /^[^@]+@[^@]+$/.test(word);
}

/** Removes the white space with which a mail client folded an id; several words without an @ are no id. */
function idOf(given: string): string[] {
  const id = given.replace(/\s+/g, '').slice(0, MAX_ID);
  return id === '' || (!id.includes('@') && /\S\s+\S/.test(given)) ? [] : [`<${id}>`];
}
