const counts = new Intl.NumberFormat('en');

/** Formats a count with separators between thousands. */
export const formatCount = (value) => counts.format(value);

/** Returns a count with its noun. The noun gets an `s` unless the count is 1. */
export const withNoun = (value, noun) => `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;

/** Formats a measured value with at most three significant digits. From 10,000 on, the value is in thousands, such as `12.3k`. */
export function short(value) {
  if (value === null || value === undefined) return '–';
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  return formatCount(Number(value.toPrecision(3)));
}

/** Texts that the page shows for the states of a submission, by state. */
export const STATE_WORDS = {
  accepted: 'accepted',
  waiting: 'waiting',
  dead: 'dead letter',
  suppressed: 'suppressed',
  'in-flight': 'being sent',
};

/** Returns a reason such as `server-error` as separate words. */
export const inWords = (reason) => reason.replaceAll('-', ' ');

/** Returns the time of day in the user's time zone. */
export const clock = (iso) => new Date(iso).toLocaleTimeString('en-GB');

/**
 * Splits the name of an alarm, such as `Mailover/postmark/FailureRate`, into the watched provider and a title. The provider is
 * empty for an alarm that is not about one provider.
 */
export function alarmName(name) {
  const parts = name.split('/').slice(1);
  const title = parts.pop() ?? name;
  return { provider: parts.join('/'), title: title.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase() };
}

/** Returns the name of an alarm in the form in which the page shows it, such as `postmark: failure rate`. */
export function alarmTitle(name) {
  const { provider, title } = alarmName(name);
  return provider ? `${provider}: ${title}` : title;
}
