import { withoutComments } from '../mail/structured.ts';

/** Only the last references are kept, since the parent is the last one (RFC 5322, section 3.6.4). */
const MAX_REFERENCES = 100;
const MAX_ID = 998;

/** The message ids of a header, with angle brackets; words that are no ids are left out. */
export function messageIds(values: readonly string[]): string[] {
  return values.flatMap(idsOf).slice(-MAX_REFERENCES);
}

/** The single message id of a header. */
export function messageId(values: readonly string[]): string | undefined {
  const [value = ''] = values;
  const [id] = idsOf(value);
  if (id !== undefined) return id;
  // A single word without an @ is no id by the RFC, but identifies the mail nevertheless.
  const bare = value.replace(/[\s<>]+/g, '').slice(0, MAX_ID);
  return bare && !/\s/.test(value.trim()) ? `<${bare}>` : undefined;
}

const IN_BRACKETS = /<([^<>]{1,1100})>/g;
const IDS = /<([^<>]{1,1100})>|([^\s<>,;()"]{1,998})/g;

/**
 * Ids in brackets, and ids without brackets if the header has nothing else: some clients omit the brackets, but words and
 * addresses next to an id are no ids.
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

/** Joins an id that a client folded; several words without an @ are no id. */
function idOf(given: string): string[] {
  const id = given.replace(/\s+/g, '').slice(0, MAX_ID);
  return id === '' || (!id.includes('@') && /\S\s+\S/.test(given)) ? [] : [`<${id}>`];
}
