import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ASSUMED, batchSeconds, MEASURED } from '../lib/costs/measured.ts';

// This script computes the figures of docs/scale.md: it writes the rows of the table on that page, and draws docs/scale.svg. The
// page names the sources of the constants.

/** Duration of one batch, in seconds, in a sender with the default memory. */
const BATCH_S = batchSeconds('postmark', 512);
/** Write units of DynamoDB for a mail that is accepted at the first attempt, and for a mail that has waited. */
const [UNITS, UNITS_AFTER_WAIT] = [MEASURED.writeUnits, MEASURED.writeUnits + ASSUMED.writeUnitsOfWait];
/**
 * Number of concurrent invocations with which Lambda begins to read a queue, and the number by which these invocations increase
 * in each second.
 */
const [FIRST, RAMP] = [5, 300 / 60];
/**
 * Write units per second that a new on-demand table of DynamoDB accepts. Later the table accepts twice the highest rate of the
 * last half hour.
 */
const [NEW_TABLE, DOUBLING_S] = [4_000, 1_800];
const OUTAGE_S = 4 * 86_400;

/** Number of mails per second that this number of concurrent invocations sends. */
const sent = (invocations: number): number => (invocations * MEASURED.batch) / BATCH_S;

/**
 * Returns the number of seconds until the mail of a four-day outage is sent from its retry queue, while new mail is sent from the
 * outbound queue. Returns undefined if this takes longer than forty days, for example because the table has no write capacity
 * left for the waiting mail.
 */
function drain(perDay: number, retryConcurrency: number, warm = false): number | undefined {
  const arriving = perDay / 86_400;
  let waiting = arriving * OUTAGE_S;
  for (let after = 0; after < OUTAGE_S * 10; after += 1) {
    const units = warm ? Number.POSITIVE_INFINITY : NEW_TABLE * 2 ** Math.floor(after / DOUBLING_S);
    const room = Math.max(0, units - arriving * UNITS) / UNITS_AFTER_WAIT;
    waiting -= Math.min(sent(Math.min(retryConcurrency, FIRST + RAMP * after)), room);
    if (waiting <= 0) return after + 1;
  }
  return undefined;
}

/** Compared values of `retryConcurrency`. The first value is the default if no provider has `maxPerSecond`. */
const SETTINGS = [5, 50, 200, 1_000] as const;
const VOLUMES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

function words(seconds: number | undefined): string {
  if (seconds === undefined) return 'never';
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}

/** Returns the coordinates of a point of the plot, whose axes are both logarithmic. */
function point(perDay: number, seconds: number): string {
  const x = 80 + (Math.log10(perDay) - 3) * 110;
  const y = 320 - Math.log10(Math.max(1, seconds)) * 48;
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function svg(): string {
  const colours = ['#b91c1c', '#1d4ed8', '#b45309', '#15803d'];
  const grid = [1, 60, 3_600, 86_400, 864_000].map((seconds, place) => {
    const [, y] = point(1e3, seconds).split(',');
    const name = ['1 s', '1 min', '1 h', '1 day', '10 days'][place];
    return `<line x1="80" x2="640" y1="${y}" y2="${y}" stroke="#ddd"/><text x="72" y="${Number(y) + 4}" text-anchor="end">${name}</text>`;
  });
  const days = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8].map((perDay) => {
    const [x] = point(perDay, 1).split(',');
    return `<text x="${x}" y="340" text-anchor="middle">${perDay.toLocaleString('en')}</text>`;
  });
  const lines = SETTINGS.map((concurrency, place) => {
    const points: string[] = [];
    for (let power = 3; power <= 8.001; power += 0.1) {
      const seconds = drain(10 ** power, concurrency);
      if (seconds !== undefined) points.push(point(10 ** power, seconds));
    }
    const y = 24 + place * 18;
    return `<polyline fill="none" stroke="${colours[place]}" stroke-width="2" points="${points.join(' ')}"/><text x="100" y="${y}" fill="${colours[place]}">retryConcurrency ${concurrency}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 370" font-family="sans-serif" font-size="12"><title>Time to send the mail of four days, by mails a day</title><rect width="660" height="370" fill="#fff"/>${[...grid, ...days, ...lines].join('')}<text x="360" y="360" text-anchor="middle">mails a day</text></svg>\n`;
}

const docs = join(import.meta.dirname, '../docs');
writeFileSync(join(docs, 'scale.svg'), svg());
const rows = VOLUMES.map(
  (perDay) =>
    `| ${perDay.toLocaleString('en')} | ${(perDay / 86_400).toFixed(perDay < 1e6 ? 2 : 0)} | ${Math.max(2, Math.ceil(((perDay / 86_400) * BATCH_S) / MEASURED.batch))} | ${SETTINGS.map((one) => words(drain(perDay, one))).join(' | ')} | ${words(drain(perDay, 1_000, true))} |\n`,
);
const page = readFileSync(join(docs, 'scale.md'), 'utf8');
const table = `|---|---|---|---|---|---|---|---|\n`;
const begin = page.indexOf(table) + table.length;
writeFileSync(join(docs, 'scale.md'), page.slice(0, begin) + rows.join('') + page.slice(page.indexOf('\n![', begin)));
