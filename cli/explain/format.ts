import type { Problem } from '../../lambda/contract/dead-letter.ts';
import type { ProviderSkip } from '../../lambda/routing/route.ts';
import type { Decider, Plan } from './plan.ts';

const BY: Readonly<Record<Decider, string>> = {
  submission: 'the submission says so',
  class: 'the route of its class says so',
  default: 'the default for all mail',
};

const SUBSTITUTED = ', from its substitute address: it may not send for the From domain';

const leftOut = (number: number) =>
  `, but not to ${number} recipient${number === 1 ? '' : 's'} whose address it does not support`;

const INDENT = ' '.repeat(12);

/** Returns the planned route of a submission as text for an operator. */
export function planInWords({ id, class: name, policy, order, skipped, closed, draw }: Plan): string {
  const width = Math.max(...[...order, ...skipped, ...closed].map(({ key }) => key.length));
  const reasons = (title: string, list: readonly Pick<ProviderSkip, 'key' | 'reason'>[]) =>
    list.length > 0 ? [title, ...list.map(({ key, reason }) => `${INDENT}${key.padEnd(width)}  ${reason}`)] : [];
  const lines = [
    `submission  ${id}${name === undefined ? '' : `, class ${name}`}`,
    `expires     in ${span(policy.expires.inSeconds)} (${BY[policy.expires.from]})`,
    `onUnknown   ${policy.onUnknown.value} (${BY[policy.onUnknown.from]})`,
    `order       ${policy.order === 'default' ? 'by priority, weight and share' : BY[policy.order]}`,
    ...order.map(
      ({ key, type, substituteFrom, leavesOut }, place) =>
        `${String(place + 1).padStart(10)}. ${key.padEnd(width)}  ${type}${substituteFrom ? SUBSTITUTED : ''}${leavesOut ? leftOut(leavesOut) : ''}`,
    ),
    ...(order.length === 0
      ? [
          `${INDENT}all providers are kept out now: the most promising is tried nevertheless, but none that is isolated or has throttled`,
        ]
      : []),
    ...reasons('kept out', closed),
    ...reasons('not tried', skipped),
    ...(draw ? drawInWords(draw) : []),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Describes why a submission would become a dead letter, with the reason and detail that would be attributes of this dead letter.
 */
export function problemInWords({ reason, detail }: Problem): string {
  return `it would be dead-lettered\nReason      ${reason}\nDetail      ${detail}\n`;
}

function drawInWords({ share, favourite, ranking }: NonNullable<Plan['draw']>): string[] {
  const shares = ranking.filter((rank) => rank.share !== undefined);
  let from = 0;
  const ranges = shares.map(({ key, share: width = 0 }) => {
    const range = `${key} has ${percent(from)} to ${percent(from + width)}`;
    from += width;
    return range;
  });
  const groups = [...Map.groupBy(ranking, ({ priority }) => priority)].map(([priority, group]) =>
    group.length === 1
      ? `${INDENT}priority ${priority}: ${group[0]?.key}`
      : `${INDENT}priority ${priority}: ${group.map(({ key, weight }) => `${key} (weight ${weight})`).join(', then ')}`,
  );
  const warming = ranking.filter(({ key, warmsUp }) => warmsUp && key !== favourite).map(({ key }) => key);
  return [
    'drawn from the id',
    ...(shares.length > 0
      ? [
          `${INDENT}share at ${percent(share)}: ${favourite ? `${favourite} first` : 'no provider'} (${ranges.join(', ')})`,
        ]
      : []),
    ...groups,
    ...(warming.length > 0 ? [`${INDENT}warming up, so last unless its share is drawn: ${warming.join(', ')}`] : []),
  ];
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(3))} %`;
}

function span(seconds: number): string {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ] as const;
  let left = seconds;
  const parts = units.flatMap(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count > 0 ? [`${count} ${unit}`] : [];
  });
  return parts.slice(0, 2).join(' ') || '0 s';
}
