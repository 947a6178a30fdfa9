import { ASSUMED, MEASURED } from '../../lib/costs/measured.ts';
import type { Bill } from './bill.ts';

/** Returns a bill as text for an operator: three tables, and the assumptions behind the numbers. */
export function billInWords({ region, date, fixed, millionMails, failover, waiting }: Bill): string {
  const known = (dollars: number | undefined) => (dollars === undefined ? '?' : money(dollars));
  return [
    `Dollars, ${region}, prices of ${date}, without free tier and discounts.`,
    '',
    'A month without mail',
    ...aligned(
      ['', 'number', 'each', 'together'],
      [
        ...fixed.lines
          .filter(({ total }) => total > 0)
          .map(({ what, number, each, total }) => [what, count(number), money(each), money(total)]),
        ['together', '', '', money(fixed.total)],
      ],
    ),
    '',
    'A million mails of 10 KB, each accepted at its first attempt',
    ...aligned(
      ['', 'submit', 'table', 'function', 'queue', 'log', 'network', 'events', 'AWS', 'provider', 'together'],
      millionMails.map(({ key, submissions, sending, events, aws, provider, total }) => [
        key,
        ...[submissions, sending.table, sending.function, sending.queue, sending.log, sending.network, events, aws].map(
          money,
        ),
        known(provider),
        provider === undefined ? `${money(total)} + ?` : money(total),
      ]),
    ),
    '',
    'An outage, for a million mails',
    ...failover.map(
      ({ key, instead, aws, more }) =>
        `  ${key} is down, and ${instead} (the next by priority) sends its mail: ${difference(more)}; for AWS alone ${difference(aws)}`,
    ),
    `  no provider accepts mail: ${money(waiting.once)} once, and ${money(waiting.hour)} for each hour that the mail waits`,
    '',
    `Measured for each mail: CPU, ${MEASURED.writeUnits} write units and ${MEASURED.logBytes} bytes of log (docs/performance.md). Assumed: providers answer in ${ASSUMED.answerSeconds} s,`,
    `batches of ${MEASURED.batch} are full, a mail has one recipient, and other figures in lib/costs/measured.ts. Not included: received mail, attachments in the bucket,`,
    'monthly fees of the providers, alarms by text message, a VPC that the app only looks up. A series without values costs nothing.',
    '',
  ].join('\n');
}

/** Returns the sentence for README about the costs of the provider list in `bin/mailover.ts`. */
export function costsSentence({ fixed, millionMails }: Bill): string {
  const aws = millionMails.map((one) => one.aws);
  return `The list of \`bin/mailover.ts\`, which has everything, costs ${Math.ceil(fixed.total)} $ a month without mail; AWS charges ${Math.floor(Math.min(...aws))} to ${Math.ceil(Math.max(...aws))} $ more for a million mails.\n`;
}

/**
 * Returns the rows of a table, indented. The first column has text and is aligned left; all other columns have numbers and are
 * aligned right.
 */
function aligned(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_name, place) => Math.max(...all.map((row) => row[place]?.length ?? 0)));
  return all.map((row) =>
    `  ${row.map((cell, place) => (place === 0 ? cell.padEnd(widths[place] ?? 0) : cell.padStart(widths[place] ?? 0))).join('  ')}`.trimEnd(),
  );
}

function money(dollars: number): string {
  const text = dollars.toFixed(2);
  // The price of a single request is far less than a cent, so two decimals would show 0.
  return dollars > 0 && Number(text) === 0 ? dollars.toPrecision(1) : text;
}

function difference(dollars: number | undefined): string {
  if (dollars === undefined) return 'a price is not known (--price)';
  return `${money(Math.abs(dollars))} ${dollars < 0 ? 'less' : 'more'}`;
}

function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}
