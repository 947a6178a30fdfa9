import { type Figure, median, spread } from '../figure.ts';
import { MEASURED_TYPES, type MeasuredType, type Rig, startRig, type Way } from './rig.ts';
import type { Spent } from './runner.ts';

const SIZE = 10;
/**
 * Number of batches that are sent before the measurement. In production a process handles thousands of mails, and V8 compiles the
 * code during the first hundreds of mails.
 */
const WARM = 60;
const BATCHES = 10;
const ROUNDS = 7;
const WAYS = ['product', 'sdk', 'sdk-writes'] as const satisfies readonly Way[];

/**
 * Highest allowed CPU time of a mail, as a multiple of the CPU time of the provider's SDK plus two writes with the DynamoDB SDK.
 */
const MOST: Readonly<Record<MeasuredType, number>> = { postmark: 1, mailgun: 1.4, ses: 1.4, smtp: 1 };
const LEAST_A_SECOND = 850;
const ROUND_TRIPS = 2;

/**
 * Measures the CPU time of a mail of 10 KB in batches of ten, for each type of provider, compared with the provider's SDK. Also
 * measures the number of mails per second.
 */
export async function measureBatches(): Promise<Figure[]> {
  const rig = await startRig();
  try {
    const figures: Figure[] = [];
    for (const type of Object.keys(MEASURED_TYPES) as MeasuredType[]) figures.push(...(await compared(rig, type)));
    figures.push(await roundTrips(rig));
    return figures;
  } finally {
    await rig.close();
  }
}

async function compared(rig: Rig, type: MeasuredType): Promise<Figure[]> {
  const processes = await Promise.all(WAYS.map((way) => rig.start(way, type)));
  try {
    for (const one of processes) await one.send({ batches: WARM, size: SIZE });
    const rounds: Record<Way, Spent>[] = [];
    // Each round measures all variants, one after the other, so that a machine that becomes slower slows all of them equally.
    for (let round = 0; round < ROUNDS; round++) {
      const spent: Partial<Record<Way, Spent>> = {};
      for (const [place, way] of WAYS.entries())
        spent[way] = (await processes[place]?.send({ batches: BATCHES, size: SIZE })) as Spent;
      rounds.push(spent as Record<Way, Spent>);
    }
    const of = (way: Way) => median(rounds.map((one) => one[way].cpuMs)).toFixed(2);
    const ratios = rounds.map((one) => one.product.cpuMs / one['sdk-writes'].cpuMs);
    const ratio = median(ratios);
    const a = `${of('product')} ms (SDK ${of('sdk')}, SDK and two writes ${of('sdk-writes')})`;
    const perSecond = median(rounds.map((one) => 1_000 / one.product.wallMs));
    return [
      {
        name: `${type}: CPU of a mail of 10 KB, batch of ten`,
        value: `${a}; ratio to the last ${spread(ratios)}`,
        target: { text: `at most ${MOST[type].toFixed(1)}`, met: ratio <= MOST[type] },
      },
      {
        name: `${type}: mails a second and process, no latency`,
        value: perSecond.toFixed(0),
        ...(type === 'postmark' && {
          target: { text: `at least ${LEAST_A_SECOND}`, met: perSecond >= LEAST_A_SECOND },
        }),
      },
    ];
  } finally {
    for (const one of processes) await one.end();
  }
}

/** Measures how many times a mail waits for an answer of the SMTP server when the connection is already open. */
async function roundTrips(rig: Rig): Promise<Figure> {
  const product = await rig.start('product', 'smtp');
  try {
    await product.send({ batches: 1, size: 1 });
    const before = await rig.counts();
    // The number of mails is below the limit of one SMTP session, so the connection stays open.
    await product.send({ batches: 20, size: 1 });
    const after = await rig.counts();
    const trips = (after.turns - before.turns) / (after.mails - before.mails);
    return {
      name: 'smtp: round trips of a mail on a kept connection',
      value: trips.toFixed(1),
      target: { text: `at most ${ROUND_TRIPS}`, met: trips <= ROUND_TRIPS },
    };
  } finally {
    await product.end();
  }
}
