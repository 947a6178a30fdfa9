import { parsePosted } from '../contract/json-bounds.ts';
import { detailOf } from '../mail/outcome.ts';
import { isObject } from '../platform/is-object.ts';

/** Fields of a provider's JSON; each value may have any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** Returns the parsed JSON of a request's body. If the body is not JSON or exceeds a limit, returns this reason as `problem`. */
export function jsonOf(body: Uint8Array | string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parsePosted(body) };
  } catch (error) {
    return { problem: error instanceof RangeError ? error.message : 'not JSON' };
  }
}

/** Returns the value if it is an object; otherwise an empty object. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/**
 * Returns the items of a list. An item that is not an object becomes an empty object. Returns an empty list if the value is not a
 * list.
 */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** Returns a text that is not empty, or a number as text; undefined for any other value. */
export function filledText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns those fields of an object whose values are texts, numbers or booleans, with each value as text. */
export function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([name, one]) =>
      ['string', 'number', 'boolean'].includes(typeof one) ? [[name, String(one)]] : [],
    ),
  );
}

/**
 * Joins the texts and numbers in `parts` to one line for an event's `detail`, with addresses masked and at most 500 characters.
 * Returns undefined if the line is empty.
 */
export function joinedWords(...parts: readonly unknown[]): string | undefined {
  const words = detailOf(
    parts
      .map(filledText)
      .filter((part) => part !== undefined)
      .join(' '),
  );
  return words === '' ? undefined : words;
}

/**
 * Returns the epoch milliseconds of a text with a time, such as an ISO time; undefined for a text that is not a time from 1990 to
 * 2099.
 */
export function timeOf(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return isTime(at) ? at : undefined;
}

/** Returns the epoch milliseconds of a time in epoch seconds; undefined for a value that is not a time from 1990 to 2099. */
export function timeOfSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  const at = Math.round(seconds * 1000);
  return isTime(at) ? at : undefined;
}

/** Start and end of the period in which the time of an event is plausible, in epoch milliseconds. */
const [EARLIEST, LATEST] = [Date.UTC(1990, 0), Date.UTC(2100, 0)];

function isTime(at: number): boolean {
  return at >= EARLIEST && at < LATEST;
}

/**
 * Returns the address in a text such as `ada@example.org` or `Ada <ada@example.org>`, at most 320 characters; undefined if it has
 * no `@`.
 */
export function addressOf(value: unknown): string | undefined {
  const text = filledText(value)
    ?.trim()
    .replace(/^.*<([^<>]*)>$/, '$1');
  return text?.includes('@') ? text.slice(0, 320) : undefined;
}

/** Returns a Message-ID without its angle brackets, at most 500 characters; undefined if it is empty. */
export function messageIdOf(value: unknown): string | undefined {
  return (
    filledText(value)
      ?.trim()
      .replace(/^<(.*)>$/, '$1')
      .slice(0, 500) || undefined
  );
}
