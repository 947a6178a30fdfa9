import { withoutComments } from '../mail/structured.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * Obsolete time zone names of RFC 5322, section 4.3, with their offsets from UTC in hours. Every other name is read as -0000
 * (UTC).
 */
const ZONES: Readonly<Record<string, number>> = {
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

/**
 * A date in the usual order: day of the week, day, month, year, time, zone. Some mail clients leave out a part, add a word, or
 * write other separators; such dates also match.
 */
const DATE =
  /^(?:[a-z]{2,9}\s?[,.]{0,2} ?)?(\d{1,2})[ .-]+([a-z]{3})[a-z]*[ ,.-]+(\d{2,5})[ ,]+(\d{1,2}) ?[:.] ?(\d{1,2})(?: ?[:.] ?(\d{1,2})(?:[.,]\d+)?)? ?(am|pm)? ?(.*)$/i;
/**
 * A date in the order of `asctime`, which old programs write: day of the week, month, day, time, zone, year; git writes the zone
 * last.
 */
const ASCTIME =
  /^[a-z]{3,9},? ([a-z]{3})[a-z]* (\d{1,2}) (\d{1,2}):(\d{2})(?::(\d{2}))? ([a-z+\d:-]*?) ?(\d{4})(?: ([+-]\d{4}))?$/i;
/** A date in the order of JavaScript and of American English: month, day, year, time, zone. */
const MONTH_FIRST =
  /^(?:[a-z]{3,9}\.?,? )?([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4}),? (\d{1,2}):(\d{2})(?::(\d{2}))? ?(am|pm)? ?(.*)$/i;
const ISO = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/** Returns the time of a Date header (RFC 5322, sections 3.3 and 4.3), as ISO 8601 in UTC; undefined if the value is no date. */
export function isoDate(value: string | undefined): string | undefined {
  const bare = withoutComments(value?.slice(0, 400) ?? '')
    .replace(/[\s"]+/g, ' ')
    .trim()
    .slice(0, 100);
  const usual = DATE.exec(bare);
  if (usual) {
    const [, day, month, year, hour, minute, second, half, zone] = usual;
    return instant({ day, month, year: fullYear(year ?? ''), hour, minute, second, half, zone });
  }
  const old = ASCTIME.exec(bare);
  if (old) {
    const [, month, day, hour, minute, second, zone, year, last] = old;
    return instant({ day, month, year: Number(year), hour, minute, second, half: undefined, zone: last ?? zone });
  }
  const american = MONTH_FIRST.exec(bare);
  if (american) {
    const [, month, day, year, hour, minute, second, half, zone] = american;
    return instant({ day, month, year: Number(year), hour, minute, second, half, zone });
  }
  return ISO.test(bare) ? ofIso(bare) : undefined;
}

interface Pieces {
  readonly year: number;
  readonly [other: string]: string | number | undefined;
}

function instant({ day, month, year, hour, minute, second, half, zone }: Pieces): string | undefined {
  const place = MONTHS.indexOf(String(month).toLowerCase());
  const date = new Date(0);
  date.setUTCFullYear(year, place, Number(day));
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/pm/i.test(String(half)) ? 12 : 0);
  // A leap second becomes the last second of its minute.
  const seconds = Math.min(Number(second ?? 0), 59);
  const real = place !== -1 && date.getUTCMonth() === place && date.getUTCDate() === Number(day);
  if (!real || year < 1900 || year > 9999 || hours > 23 || Number(minute) > 59 || Number(second ?? 0) > 60)
    return undefined;
  const offset = offsetOf(String(zone ?? ''));
  if (offset === undefined) return undefined;
  date.setUTCHours(hours, Number(minute) - offset, seconds);
  return within(date);
}

/** Returns the full year by RFC 5322, section 4.3: 2000 is added to years of two digits below 50, and 1900 to other years of two or three digits. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length >= 4) return year;
  return digits.length === 2 && year < 50 ? year + 2000 : year + 1900;
}

/**
 * Returns the offset of a time zone in minutes east of Greenwich; undefined for a number that is no valid offset, 0 for an
 * unknown name of a zone.
 */
function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes = '0'] = /^(?:GMT|UTC|UT)?\s*([+-])(\d{1,2}):?(\d{2})?\b/i.exec(zone) ?? [];
  if (hours !== undefined) {
    const real = Number(hours) < 24 && Number(minutes) < 60;
    return real ? (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) : undefined;
  }
  const [name = ''] = /^[a-z]*/i.exec(zone) ?? [];
  return (ZONES[name.toLowerCase()] ?? 0) * 60;
}

function ofIso(text: string): string | undefined {
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/i.test(text.slice(10)) ? text : `${text}Z`;
  return within(new Date(zoned.replace(' ', 'T').replace(/\s+/g, '')));
}

function within(date: Date): string | undefined {
  if (Number.isNaN(date.getTime())) return undefined;
  const iso = date.toISOString();
  return /^\d{4}-/.test(iso) ? iso : undefined;
}
