import { parsePosted } from '../contract/json-bounds.ts';
import { detailOf } from '../mail/outcome.ts';

/** Fields of a provider's JSON; each may be anything. */
export type Fields = Readonly<Record<string, unknown>>;

/** The JSON of a request, or why it has none. */
export function jsonOf(body: Uint8Array | string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parsePosted(body) };
  } catch (error) {
    return { problem: error instanceof RangeError ? error.message : 'not JSON' };
  }
}

/** A value as an object; empty if it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A list of objects. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** A text that is not empty; a number as its digits. */
export function filledText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The values of an object that are texts, numbers or truth values. */
export function textsOf(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([name, one]) =>
      ['string', 'number', 'boolean'].includes(typeof one) ? [[name, String(one)]] : [],
    ),
  );
}

/** Words for an event's `detail`; undefined if there are none. */
export function joinedWords(...parts: readonly unknown[]): string | undefined {
  const words = detailOf(
    parts
      .map(filledText)
      .filter((part) => part !== undefined)
      .join(' '),
  );
  return words === '' ? undefined : words;
}

/** Epoch milliseconds of an ISO time; undefined if it cannot be read. */
export function timeOf(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return isTime(at) ? at : undefined;
}

/** Epoch milliseconds of seconds since the epoch. */
export function timeOfSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  const at = Math.round(seconds * 1000);
  return isTime(at) ? at : undefined;
}

/** Years 1990 to 2100: others are no times of events. */
const [EARLIEST, LATEST] = [Date.UTC(1990, 0), Date.UTC(2100, 0)];

function isTime(at: number): boolean {
  return at >= EARLIEST && at < LATEST;
}

/** An address without angle brackets; undefined for anything else. */
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
