/**
 * Counts of all workers for one hour of stack time, by short names.
 *
 * in/<quarter>: received submissions. ok/<provider>/<slot> and no/<provider>/<slot>: recipients that a provider accepted,
 * and those whose mailbox it refused, in twelve slots an hour. dok/<provider>/<domain> and dno/…: the same by domain, for
 * domains with refusals.
 */
export type HourCounts = Readonly<Record<string, number>>;

/** An hour of stack time, in milliseconds. */
export const HOUR_MS = 3_600_000;
const SLOTS = 12;
const QUARTERS = 4;

/** Position of a time: hours of stack time since 1970, and the part of the hour. */
export interface Place {
  readonly hour: number;
  readonly slot: number;
  readonly quarter: number;
}

/** The position of a stack time. */
export function placeOf(stack: number): Place {
  const part = (stack % HOUR_MS) / HOUR_MS;
  return {
    hour: Math.floor(stack / HOUR_MS),
    slot: Math.floor(part * SLOTS),
    quarter: Math.floor(part * QUARTERS),
  };
}

/** The sum of two counts. */
export function plus(a: HourCounts, b: HourCounts): HourCounts {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/**
 * Numbers of a provider's newest recipients that are judged, and least number of refusals among them.
 *
 * A list with 4 % dead mailboxes has two or three in fifty, and eight in two hundred. Fifty recipients are enough to find a
 * provider that suddenly refuses a fifth or more. If it refuses a tenth, fifty recipients contain six refusals only one time in
 * three, so two hundred are judged as well.
 */
const WINDOWS = [
  { recipients: 50, refusals: 6 },
  { recipients: 200, refusals: 15 },
] as const;
/** Largest of these numbers of recipients. */
export const JUDGED_RECIPIENTS = Math.max(...WINDOWS.map(({ recipients }) => recipients));
/** Least number of the others' recipients for their rate. */
const LEAST_OF_OTHERS = 50;
/** A provider is doubted when its rate of refusals is more than this many times that of the others. */
const DOUBT_FACTOR = 5;
/** Least rate assumed for the others: some providers refuse at once where others report a bounce later. */
const LEAST_USUAL_RATE = 0.01;
/**
 * Number of refused recipients of one domain from which a provider is doubted, if they are at least half of its recipients
 * of the domain and no other vendor refuses the domain.
 */
const LEAST_OF_DOMAIN = 3;

interface Share {
  readonly all: number;
  readonly refused: number;
}

/** What a provider said about its newest recipients, at most {@link JUDGED_RECIPIENTS}, oldest first: `+` accepted, `-` mailbox refused. */
export type Newest = string;

/** The newest of two lists, of which `later` has the later recipients. */
export function newest(earlier: Newest, later: Newest): Newest {
  return (earlier + later).slice(-JUDGED_RECIPIENTS);
}

/** A provider that has refused a mailbox, and the domain of that. */
export interface Refusing {
  readonly provider: string;
  readonly domain: string;
  /** Vendor of a provider by its key; undefined for one that is no longer configured. */
  readonly vendorOf: (provider: string) => string | undefined;
}

/**
 * Whether a provider's refusals of mailboxes are doubtful: its rate of refusals among its newest recipients is more than
 * five times that of the other vendors, or it refuses a domain that no other vendor refuses. Two accounts of one vendor
 * may be wrong for the same reason, so they are not compared.
 *
 * @param hours this hour and the previous hour
 */
export function isDoubted(
  hours: readonly [HourCounts, HourCounts],
  ofProvider: Newest,
  { provider, domain, vendorOf }: Refusing,
): boolean {
  const counts = plus(...hours);
  const vendor = vendorOf(provider);
  const others = [...providersOf(counts)].filter((key) => key !== provider && vendorOf(key) !== vendor);
  return refusesFarMore(counts, ofProvider, others) || refusesDomain(counts, { provider, domain }, others);
}

function refusesFarMore(counts: HourCounts, ofProvider: Newest, others: readonly string[]): boolean {
  const elsewhere = others.map((key) => hourly(counts, key)).reduce(add, { all: 0, refused: 0 });
  const usual =
    elsewhere.all < LEAST_OF_OTHERS ? LEAST_USUAL_RATE : Math.max(LEAST_USUAL_RATE, elsewhere.refused / elsewhere.all);
  return WINDOWS.some(({ recipients, refusals }) => {
    const newest = ofProvider.slice(-recipients);
    const refused = newest.split('-').length - 1;
    return newest.length === recipients && refused >= refusals && refused / recipients > DOUBT_FACTOR * usual;
  });
}

function refusesDomain(
  counts: HourCounts,
  { provider, domain }: Omit<Refusing, 'vendorOf'>,
  others: readonly string[],
): boolean {
  const refused = counts[`dno/${provider}/${domain}`] ?? 0;
  const taken = counts[`dok/${provider}/${domain}`] ?? 0;
  if (refused < LEAST_OF_DOMAIN || refused < taken) return false;
  return !others.some((key) => (counts[`dno/${key}/${domain}`] ?? 0) > 0);
}

function shareOf(counts: HourCounts, provider: string, slot: number): Share {
  const refused = counts[`no/${provider}/${slot}`] ?? 0;
  return { all: refused + (counts[`ok/${provider}/${slot}`] ?? 0), refused };
}

function add(a: Share, b: Share): Share {
  return { all: a.all + b.all, refused: a.refused + b.refused };
}

function providersOf(counts: HourCounts): ReadonlySet<string> {
  return new Set(Object.keys(counts).flatMap((name) => (/^(ok|no)\//.test(name) ? (name.split('/')[1] ?? []) : [])));
}

/** Recipients of a provider in the last sixty minutes, the newest slot of which is `slot`. */
function lastHour([now = {}, before = {}]: readonly HourCounts[], provider: string, slot: number): Share {
  return Array.from({ length: SLOTS }, (_, place) => shareOf(place <= slot ? now : before, provider, place)).reduce(
    add,
  );
}

/** Recipients of a provider in all slots, and how many were refused. */
export function hourly(counts: HourCounts, provider: string): Share {
  return Array.from({ length: SLOTS }, (_, slot) => shareOf(counts, provider, slot)).reduce(add);
}

/** Recipients that all providers accepted in an hour. */
export function acceptedIn(counts: HourCounts): number {
  return Object.entries(counts).reduce((sum, [name, count]) => (name.startsWith('ok/') ? sum + count : sum), 0);
}

/** Below this number, the refusals of the last hour are single mailboxes. */
const LEAST_REFUSED = 5;
const LEAST_RECIPIENTS = 20;
/** Recipients added to the past at the usual rate, so that a short past does not exaggerate. */
const DILUTION = 200;

/**
 * By what factor a provider's share of refused recipients has risen: the last sixty minutes against the day before.
 *
 * @param hours the newest first
 */
export function suppressionRise(hours: readonly HourCounts[], provider: string, slot: number): number {
  const now = lastHour(hours, provider, slot);
  if (now.refused < LEAST_REFUSED || now.all < LEAST_RECIPIENTS) return 0;
  const past = hours
    .slice(2)
    .map((counts) => hourly(counts, provider))
    .reduce(add, { all: 0, refused: 0 });
  const usual = (past.refused + DILUTION * LEAST_USUAL_RATE) / (past.all + DILUTION);
  return now.refused / now.all / Math.max(LEAST_USUAL_RATE, usual);
}

/** Quarters of an hour without a submission that count as silence. */
const QUARTERS_WITHOUT = 2;
/** Quarters before the silence, each of which had traffic. */
const QUARTERS_BEFORE = 8;
/** Least number of submissions of a quarter with traffic. */
const LEAST_SUBMISSIONS = 10;
const DAY_HOURS = 24;

/** How many days ago the hours were that show whether silence is usual at this time of the day. */
const DAYS_BACK = [1, 7] as const;
/** Hours that contain the silent and the busy quarters. */
const WINDOW_HOURS = 4;

/** Hours that are read for the check for silence, counted back from the current one. */
export const HOURS_COMPARED: readonly number[] = [0, ...DAYS_BACK].flatMap((days) =>
  Array.from({ length: WINDOW_HOURS }, (_, back) => days * DAY_HOURS + back),
);

/**
 * Whether producers have fallen silent: no submission in the last half hour, traffic in each quarter of the two hours
 * before, and no such silence at this time yesterday or a week ago, as far as counts are known.
 *
 * @param hourOf counts by hours back from the current one; undefined if there are none
 */
export function haveProducersStopped(hourOf: (back: number) => HourCounts | undefined, quarter: number): boolean {
  /**
   * Submissions in `number` quarters of an hour; the newest of these is `from` quarters before the last full quarter.
   */
  const quarters = (from: number, number: number, days = 0) =>
    Array.from({ length: number }, (_, place) => {
      const at = quarter - 1 - from - place;
      const counts = hourOf(days * DAY_HOURS - Math.floor(at / QUARTERS));
      return counts?.[`in/${((at % QUARTERS) + QUARTERS) % QUARTERS}`] ?? 0;
    });
  const current = hourOf(0)?.[`in/${quarter}`] ?? 0;
  if (current > 0 || quarters(0, QUARTERS_WITHOUT).some((count) => count > 0)) return false;
  if (!quarters(QUARTERS_WITHOUT, QUARTERS_BEFORE).every((count) => count >= LEAST_SUBMISSIONS)) return false;
  return DAYS_BACK.every((days) => {
    const isKnown = Array.from({ length: WINDOW_HOURS }, (_, back) => hourOf(days * DAY_HOURS + back)).some(Boolean);
    return !isKnown || quarters(0, QUARTERS_WITHOUT, days).some((count) => count >= LEAST_SUBMISSIONS);
  });
}
