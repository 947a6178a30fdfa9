/** The thread of a mail is told by its end: the parent is the last reference (RFC 5322, section 3.6.4). */
const MAX_REFERENCES = 100;
const MAX_ID = 998;

/** The message ids of a header, with angle brackets; words that are no ids are left out. */
export function messageIds(values: readonly string[]): string[] {
  return values.flatMap(idsOf).slice(-MAX_REFERENCES);
}

/** The one message id of a header. */
export function messageId(values: readonly string[]): string | undefined {
  const [value = ''] = values;
  const [id] = idsOf(value);
  if (id !== undefined) return id;
  // An id of one word without an @ is none by the RFC, but it is all that tells this mail.
  const bare = value.replace(/[\s<>]+/g, '').slice(0, MAX_ID);
  return bare && !/\s/.test(value.trim()) ? `<${bare}>` : undefined;
}

const IN_BRACKETS = /<([^<>]{1,1100})>/g;
const WORDS = /[^\s<>,;()"]{1,998}/g;

/** Those in brackets; where there are none, the words that look like ids, since some clients leave the brackets out. */
function idsOf(value: string): string[] {
  const inBrackets = [...value.matchAll(IN_BRACKETS)].flatMap(([, id = '']) => idOf(id));
  if (inBrackets.length > 0) return inBrackets;
  return (value.match(WORDS) ?? []).filter((word) => /^[^@]+@[^@]+$/.test(word)).flatMap(idOf);
}

/** Some clients fold within an id; several words without an @ are no id. */
function idOf(given: string): string[] {
  const id = given.replace(/\s+/g, '').slice(0, MAX_ID);
  return id === '' || (!id.includes('@') && /\S\s+\S/.test(given)) ? [] : [`<${id}>`];
}
