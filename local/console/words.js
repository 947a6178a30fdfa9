const counts = new Intl.NumberFormat('en');

/** A count with separators. */
export const count = (value) => counts.format(value);

/** A count with its noun. */
export const counted = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** A measured value in few digits. */
export function short(value) {
  if (value === null || value === undefined) return '–';
  if (Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  return count(Number(value.toPrecision(3)));
}

/** States of a submission. */
export const STATE_WORDS = {
  accepted: 'accepted',
  waiting: 'waiting',
  dead: 'dead letter',
  suppressed: 'suppressed',
  'in-flight': 'being sent',
};

/** A reason such as `server-error` as words. */
export const inWords = (reason) => reason.replaceAll('-', ' ');

/** Time of day. */
export const clock = (iso) => new Date(iso).toLocaleTimeString('en-GB');

/** Splits `Mailover/postmark/FailureRate` into the watched part and the fault. */
export function alarmName(name) {
  const parts = name.split('/').slice(1);
  const title = parts.pop() ?? name;
  return { provider: parts.join('/'), title: title.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase() };
}

/** The name of an alarm as the page shows it. */
export function alarmTitle(name) {
  const { provider, title } = alarmName(name);
  return provider ? `${provider}: ${title}` : title;
}
