/**
 * The counts of all workers for one hour of stack time, by name.
 *
 * `in/<quarter>`: number of submissions received in a quarter of the hour. `ok/<provider>/<slot>`: number of recipients that a
 * provider accepted in a twelfth of the hour. `no/<provider>/<slot>`: number of recipients whose mailbox the provider refused in
 * such a twelfth. `dok/<provider>/<domain>` and `dno/<provider>/<domain>`: numbers of accepted and of refused recipients in a
 * recipient domain with refusals; `<domain>` is a hash of the domain.
 */
export type HourCounts = Readonly<Record<string, number>>;

/** An hour of stack time, in milliseconds. */
export const HOUR_MS = 3_600_000;
const SLOTS = 12;
const QUARTERS = 4;

/** Position of a point in stack time: the number of hours since 1970, the twelfth of the hour (`slot`) and the quarter of the hour. */
export interface Place {
  readonly hour: number;
  readonly slot: number;
  readonly quarter: number;
}

export function placeOf(stack: number): Place {
  const part = (stack % HOUR_MS) / HOUR_MS;
  return {
    hour: Math.floor(stack / HOUR_MS),
    slot: Math.floor(part * SLOTS),
    quarter: Math.floor(part * QUARTERS),
  };
}

/** Adds two sets of counts: the counts with the same name are added. */
export function plus(a: HourCounts, b: HourCounts): HourCounts {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/**
 * Numbers of a provider's newest recipients (`recipients`) for which its rate of refusals is computed. If fewer than `refusals`
 * of these recipients were refused, the rate does not count as doubtful.
 *
 * In mail to a list with 4 % dead mailboxes, on average two of fifty recipients are refused, and eight of two hundred recipients.
 * Fifty recipients are enough to detect a provider that suddenly refuses a fifth of its recipients or more. If the provider
 * refuses a tenth of its recipients, fifty recipients contain at least six refusals with a probability of only 38 %. Therefore
 * the newest two hundred recipients are used as well.
 */
const WINDOWS = [
  { recipients: 50, refusals: 6 },
  { recipients: 200, refusals: 15 },
] as const;
/** Largest number of recipients in `WINDOWS`. */
export const COMPARED_RECIPIENTS = Math.max(...WINDOWS.map(({ recipients }) => recipients));
/**
 * If the other vendors together had fewer recipients than this number, `LEAST_USUAL_RATE` is used in place of their rate of
 * refusals.
 */
const LEAST_OF_OTHERS = 50;
/** A provider's refusals count as doubtful (possibly wrong) if its rate of refusals is more than this factor times the rate of the other vendors. */
const DOUBT_FACTOR = 5;
/**
 * Smallest rate of refusals that is used for the other vendors, even if their real rate is lower: some providers accept mail to dead mailboxes at
 * first, and report a bounce later.
 */
const LEAST_USUAL_RATE = 0.01;
/**
 * A provider's refusals in one recipient domain are doubtful if the provider refused at least this number of recipients in the
 * domain. Two more conditions apply: these recipients are at least half of the provider's recipients in the domain, and no other
 * vendor refused a recipient in the domain.
 */
const LEAST_OF_DOMAIN = 3;

interface Share {
  readonly all: number;
  readonly refused: number;
}

/**
 * Results for a provider's newest recipients, the oldest result first. Each result is one character: `+` accepted, `-` mailbox refused. There are
 * at most {@link COMPARED_RECIPIENTS} results.
 */
export type Newest = string;

/** Appends later results to earlier results. Keeps only the newest {@link COMPARED_RECIPIENTS} results. */
export function newest(earlier: Newest, later: Newest): Newest {
  return (earlier + later).slice(-COMPARED_RECIPIENTS);
}

/** A provider that has refused a mailbox, and the (hashed) domain of the mailbox. */
export interface Refusing {
  readonly provider: string;
  readonly domain: string;
  /** Returns the vendor of a provider by its key; undefined for a provider that is no longer configured. */
  readonly vendorOf: (provider: string) => string | undefined;
}

/**
 * Whether a provider's refusals of mailboxes are doubtful, that is, possibly wrong. There are two cases. In the first case, the
 * rate of refusals among the provider's newest recipients is more than five times the rate of the other vendors. In the second
 * case, the provider refuses at least half of its recipients in a domain, and no other vendor refuses a recipient in this domain.
 * Two accounts of one vendor may be wrong for the same reason, so they are not compared with each other.
 *
 * @param hours counts of the current hour and of the previous hour
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

/**
 * Returns the numbers of all and of refused recipients of a provider in the last twelve slots (one hour). The newest of these
 * slots is `slot` of the current hour.
 */
function lastHour([now = {}, before = {}]: readonly HourCounts[], provider: string, slot: number): Share {
  return Array.from({ length: SLOTS }, (_, place) => shareOf(place <= slot ? now : before, provider, place)).reduce(
    add,
  );
}

/** Returns two numbers for a provider in a whole hour: the number of all recipients, and the number of recipients that the provider refused. */
export function hourly(counts: HourCounts, provider: string): Share {
  return Array.from({ length: SLOTS }, (_, slot) => shareOf(counts, provider, slot)).reduce(add);
}

/** Returns the number of recipients that all providers together accepted in an hour. */
export function acceptedIn(counts: HourCounts): number {
  return Object.entries(counts).reduce((sum, [name, count]) => (name.startsWith('ok/') ? sum + count : sum), 0);
}

/**
 * If a provider has fewer refusals or fewer recipients than these numbers in the last hour, its share of refusals does not count as risen. Such a
 * small number of refusals may come from a few dead mailboxes.
 */
const LEAST_REFUSED = 5;
const LEAST_RECIPIENTS = 20;
/**
 * This number of recipients is added to the counts of the day before, with refusals at the rate `LEAST_USUAL_RATE`. Without this addition, a
 * day with few recipients would exaggerate the rise.
 */
const DILUTION = 200;

/**
 * Returns the factor by which a provider's share of refused recipients has risen: the share in the last hour, divided by the
 * share in the day before. Returns 0 if the last hour has too few recipients or refusals.
 *
 * @param hours the counts of each hour, beginning with the current hour and going back in time
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

/**
 * Producers count as stopped only if no submission arrived in this number of full quarters of an hour, and in the current
 * quarter.
 */
const QUARTERS_WITHOUT = 2;
/** After more than this number of quarters without a submission, the traffic before them is not examined any more. */
const MOST_QUARTERS_WITHOUT = 7;
/**
 * Producers count as stopped only if each of this number of quarters had traffic. These are the quarters before the one in which
 * the last submission arrived.
 */
const QUARTERS_BEFORE = 8;
/** A quarter of an hour has traffic if it has at least this number of submissions. */
const LEAST_SUBMISSIONS = 10;
const DAY_HOURS = 24;

/**
 * Numbers of days: the counts of one day ago and of seven days ago show whether producers usually send nothing at this time of
 * the day.
 */
const DAYS_BACK = [1, 7] as const;
/** The quarters without submissions and the quarters with traffic lie within this number of hours. */
const WINDOW_HOURS = 5;

/** Hours whose counts show whether producers have stopped, each as a number of hours before the current hour. */
export const HOURS_COMPARED: readonly number[] = [0, ...DAYS_BACK].flatMap((days) =>
  Array.from({ length: WINDOW_HOURS }, (_, back) => days * DAY_HOURS + back),
);

/**
 * Whether producers have stopped sending submissions. This is true if no submission has arrived in the current quarter of an hour
 * and in the two to seven quarters before it, and each quarter of two hours before then had traffic. If counts of yesterday or of a
 * week ago exist, there must also have been traffic at this time of that day.
 *
 * @param hourOf returns the counts of the hour that is `back` hours before the current hour; undefined if no counts exist for this hour
 */
export function haveProducersStopped(hourOf: (back: number) => HourCounts | undefined, quarter: number): boolean {
  /**
   * Returns the number of submissions in each of `number` quarters of an hour. The newest of these quarters is `from` quarters before the last
   * full quarter, `days` days ago.
   */
  const quarters = (from: number, number: number, days = 0) =>
    Array.from({ length: number }, (_, place) => {
      const at = quarter - 1 - from - place;
      const counts = hourOf(days * DAY_HOURS - Math.floor(at / QUARTERS));
      return counts?.[`in/${((at % QUARTERS) + QUARTERS) % QUARTERS}`] ?? 0;
    });
  const current = hourOf(0)?.[`in/${quarter}`] ?? 0;
  const recent = quarters(0, MOST_QUARTERS_WITHOUT + 1 + QUARTERS_BEFORE);
  const without = recent.findIndex((count) => count > 0);
  if (current > 0 || without < QUARTERS_WITHOUT || without > MOST_QUARTERS_WITHOUT) return false;
  const before = recent.slice(without + 1, without + 1 + QUARTERS_BEFORE);
  if (!before.every((count) => count >= LEAST_SUBMISSIONS)) return false;
  return DAYS_BACK.every((days) => {
    const isKnown = Array.from({ length: WINDOW_HOURS }, (_, back) => hourOf(days * DAY_HOURS + back)).some(Boolean);
    return !isKnown || quarters(0, QUARTERS_WITHOUT, days).some((count) => count >= LEAST_SUBMISSIONS);
  });
}
