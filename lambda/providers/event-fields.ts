import { parsePosted } from '../contract/json-bounds.ts';
import { detailOf } from '../mail/outcome.ts';
import { isObject } from '../platform/is-object.ts';

/** Fields of a provider's JSON; each value may have any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** Returns the parsed JSON of a request's body, or the reason why the body cannot be parsed. */
export function jsonOf(body: Uint8Array | string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parsePosted(body) };
  } catch (error) {
    return { problem: error instanceof RangeError ? error.message : 'not JSON' };
  }
}

/** The value if it is an object, otherwise an empty object. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** The items of a list, each as an object; empty if the value is not a list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** The value if it is a text that is not empty, or a number as text; otherwise undefined. */
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

/** Joins the texts and numbers in `parts` to one line, for an event's `detail`; undefined if `parts` contains none. */
export function joinedWords(...parts: readonly unknown[]): string | undefined {
  const words = detailOf(
    parts
      .map(filledText)
      .filter((part) => part !== undefined)
      .join(' '),
  );
  return words === '' ? undefined : words;
}

/** Epoch milliseconds of an ISO time; undefined if the time cannot be read or is not plausible. */
export function timeOf(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return isTime(at) ? at : undefined;
}

/** Epoch milliseconds of a time in epoch seconds; undefined if the time cannot be read or is not plausible. */
export function timeOfSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  const at = Math.round(seconds * 1000);
  return isTime(at) ? at : undefined;
}

/** A time of an event is plausible from the year 1990 until the end of 2099. */
const [EARLIEST, LATEST] = [Date.UTC(1990, 0), Date.UTC(2100, 0)];

function isTime(at: number): boolean {
  return at >= EARLIEST && at < LATEST;
}

/** An address without angle brackets; undefined for a value without `@`. */
export function addressOf(value: unknown): string | undefined {
  const text = filledText(value)
    ?.trim()
    .replace(/^.*<([^<>]*)>$/, '$1');
  return text?.includes('@') ? text.slice(0, 320) : undefined;
}

/** A Message-ID without angle brackets. */
export function messageIdOf(value: unknown): string | undefined {
  return (
    filledText(value)
      ?.trim()
      .replace(/^<(.*)>$/, '$1')
      .slice(0, 500) || undefined
  );
}
