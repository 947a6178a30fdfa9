import { ConfigurationError } from './configuration-error.ts';

/** Options that are whole numbers, with the smallest and the largest value. */
const WHOLE = {
  inboundRate: [1, 10_000],
  eventsRate: [1, 10_000],
  unsubscribeRate: [1, 10_000],
  eventsConcurrency: [2, 1_000],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

type Ranged = { readonly [K in keyof typeof WHOLE | 'straightLogShare']?: number | undefined };

/** @throws ConfigurationError if an option that is a number is outside its range */
export function checkRanges(props: Ranged): void {
  const problems: string[] = [];
  for (const [name, [least, most]] of Object.entries(WHOLE) as [keyof typeof WHOLE, readonly [number, number]][]) {
    const given = props[name];
    if (given !== undefined && !(Number.isInteger(given) && given >= least && given <= most))
      problems.push(`${name}: given ${given}; it must be a whole number from ${least} to ${most}`);
  }
  const share = props.straightLogShare ?? 1;
  if (!(share >= 0 && share <= 1)) problems.push(`straightLogShare: given ${share}; it must be from 0 to 1`);
  if (problems.length > 0) throw new ConfigurationError(problems);
}
