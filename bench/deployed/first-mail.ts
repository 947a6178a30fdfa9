import { type Figure, median, spread } from '../figure.ts';
import { type Rig, startRig, type Way } from './rig.ts';
import { SHARE_512, withCpuShare } from './throttle.ts';

const ROUNDS = 7;
const WAYS = ['product', 'sdk', 'sdk-writes'] as const satisfies readonly Way[];
const MOST_MS = 200;
const MOST_RATIO = 0.5;

/** Measurements of one new process: the import at full speed, as in Lambda's init phase, and then the first mail. */
interface Start {
  readonly importCpuMs: number;
  readonly firstMs: number;
  readonly cpuMs: number;
}

/**
 * Measures the first mail of a new process, compared with a function that imports its SDKs at the start. Each function is
 * measured with the CPU share of 512 MB, and with a whole processor.
 */
export async function measureFirstMail(): Promise<Figure[]> {
  const rig = await startRig();
  try {
    const slow = await interleaved(rig, SHARE_512);
    const fast = await interleaved(rig, 1);
    const throttledMs = (way: Way) => slow[way].map(({ firstMs }) => firstMs);
    const whole = (way: Way) => fast[way].map(({ importCpuMs, cpuMs }) => importCpuMs + cpuMs);
    const ratios = whole('product').map((ms, round) => ms / (whole('sdk-writes')[round] ?? Number.NaN));
    const first = median(throttledMs('product'));
    return [
      {
        name: 'first mail of a process, CPU of 512 MB',
        value: `${spread(throttledMs('product'), 0)} ms (SDK imported at once ${spread(throttledMs('sdk'), 0)}, with two writes ${spread(throttledMs('sdk-writes'), 0)})`,
        target: { text: `at most ${MOST_MS} ms`, met: first <= MOST_MS },
      },
      {
        name: `CPU time of the first mail, and divided by the ${SHARE_512.toFixed(3)} of a processor`,
        value: WAYS.map((way) => {
          const cpuMs = median(fast[way].map((start) => start.cpuMs));
          return `${way} ${cpuMs.toFixed(0)} and ${(cpuMs / SHARE_512).toFixed(0)} ms`;
        }).join(', '),
      },
      {
        name: 'CPU time of import and first mail',
        value: `${median(whole('product')).toFixed(0)} ms (SDK imported at once ${median(whole('sdk')).toFixed(0)}, with two writes ${median(whole('sdk-writes')).toFixed(0)}); ratio to the last ${spread(ratios)}`,
        target: { text: `at most ${MOST_RATIO}`, met: median(ratios) <= MOST_RATIO },
      },
    ];
  } finally {
    await rig.close();
  }
}

async function interleaved(rig: Rig, share: number): Promise<Record<Way, Start[]>> {
  const starts: Record<Way, Start[]> = { product: [], sdk: [], 'sdk-writes': [] };
  // The first round only fills the file cache; its results are not used.
  for (let round = 0; round <= ROUNDS; round++)
    for (const way of WAYS) {
      const process = await rig.start(way, 'postmark');
      try {
        const send = () => process.send({ batches: 1, size: 1 });
        const { wallMs: firstMs, cpuMs } = await (share < 1 ? withCpuShare(process.pid, share, send) : send());
        if (round > 0) starts[way].push({ importCpuMs: process.imported.cpuMs, firstMs, cpuMs });
      } finally {
        await process.end();
      }
    }
  return starts;
}
