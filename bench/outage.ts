import type { SQSRecord } from 'aws-lambda';
import { HEDGE_MS } from '../lambda/circuit/local-probe.ts';
import { type Figure, seconds } from './figure.ts';
import { measureHang } from './hang.ts';
import {
  BATCH,
  chain,
  DEADLINE_MS,
  inBatches,
  LIMIT_MS,
  OUTAGE_FAULTS,
  type OutageRig,
  outageRecord,
  type SendOne,
  startOutageRig,
} from './outage-rig.ts';

/**
 * Default number of mails. A larger number is sent with at most this number of mails at the same time, and only through the
 * product, since the naive chain would take hours.
 */
const MAILS = 200;
const PROBE_WINDOW_MS = 5_000;

/** Results of sending a number of mails. */
interface Run {
  readonly wasted: number;
  readonly kept: number;
  readonly allOutMs: number;
  readonly p95Ms: number;
}

/**
 * Breaks the first of two providers, and sends all mails concurrently through one new sender. For comparison, also sends them
 * through a naive chain: for each mail it tries one provider after the other, with the same provider code, sockets and deadlines.
 */
export async function measureOutage(mails = MAILS): Promise<Figure[]> {
  const rig = await startOutageRig();
  try {
    const figures: Figure[] = [];
    if (mails > MAILS) {
      await rig.fault(OUTAGE_FAULTS['answers 500']);
      const ours = await runOurs(rig, mails);
      return compare(`first provider answers 500, ${mails} mails`, false, ours);
    }
    const healthy = await runOurs(rig, mails);
    figures.push({ name: `${mails} mails at once, no outage: 95th percentile`, value: seconds(healthy.p95Ms) });
    for (const [what, fault] of Object.entries(OUTAGE_FAULTS)) {
      await rig.fault(fault);
      const ours = await runOurs(rig, mails);
      const naive = await run(rig, mails, chain(rig));
      figures.push(...compare(`first provider ${what}, ${mails} mails`, what === 'hangs', ours, naive, healthy));
    }
    figures.push(await measureMidRun(rig, mails), ...(await measureHang(rig, 2 * mails)));
    return figures;
  } finally {
    await rig.close();
  }
}

function compare(name: string, hangs: boolean, ours: Run, naive?: Run, healthy?: Run): Figure[] {
  const beside = (value: string) => (naive ? ` (naive chain ${value})` : '');
  // A new sender wastes one attempt at the broken provider, and one more attempt for each further probe of the provider.
  const attempts = 1 + (naive ? 0 : Math.floor(ours.allOutMs / PROBE_WINDOW_MS));
  const wasted: Figure = {
    name: `${name}: attempts wasted`,
    value: `${ours.wasted}${beside(String(naive?.wasted))}${ours.kept > 0 ? `, ${ours.kept} mails to be retried` : ''}`,
    target: { text: `at most ${attempts}`, met: ours.wasted <= attempts },
  };
  if (!hangs || !naive || !healthy) return [wasted];
  const most = DEADLINE_MS + 500;
  const p95 = HEDGE_MS + 100;
  const beyond = Math.max(0, ours.p95Ms - healthy.p95Ms);
  return [
    wasted,
    {
      name: `${name}: all out after`,
      value: `${seconds(ours.allOutMs)}${beside(seconds(naive?.allOutMs ?? 0))}`,
      target: { text: `at most ${seconds(most)}`, met: ours.allOutMs <= most },
    },
    {
      name: `${name}: 95th percentile beyond no outage`,
      value: `${seconds(beyond)}${beside(seconds(Math.max(0, (naive?.p95Ms ?? 0) - healthy.p95Ms)))}`,
      target: { text: `at most ${seconds(p95)}`, met: beyond <= p95 },
    },
  ];
}

/** Measures a sender that always processes ten mails concurrently; the first provider breaks after fifty mails. */
async function measureMidRun(rig: OutageRig, mails: number): Promise<Figure> {
  await rig.fault([]);
  const send = rig.worker([]);
  await inBatches(50, send);
  rig.wasted = 0;
  const under = inBatches(BATCH, send);
  await rig.fault(OUTAGE_FAULTS['answers 500']);
  await under;
  const begun = performance.now();
  await inBatches(mails, send);
  const windows = Math.ceil((performance.now() - begun) / PROBE_WINDOW_MS);
  const most = BATCH + windows;
  return {
    name: `first provider breaks while ${BATCH} mails are in flight, ${mails} more mails: attempts wasted`,
    value: `${rig.wasted} in ${windows} probe ${windows === 1 ? 'window' : 'windows'}`,
    target: { text: `at most ${most}`, met: rig.wasted <= most },
  };
}

/** Sends the mails through a new sender with the code of the product. A mail that no provider accepted waits for another try. */
async function runOurs(rig: OutageRig, mails: number): Promise<Run> {
  const kept: SQSRecord[] = [];
  return { ...(await run(rig, mails, rig.worker(kept))), kept: kept.length };
}

/** Sends each mail with `sendOne`. If `sendOne` throws an error, the mail counts as not sent (`kept`). */
async function run(rig: OutageRig, mails: number, sendOne: SendOne): Promise<Run> {
  rig.wasted = 0;
  let kept = 0;
  const begun = performance.now();
  const times: number[] = [];
  const late = setTimeout(
    () => process.stderr.write(`bench: not all mail is out after ${LIMIT_MS / 1_000} s\n`),
    LIMIT_MS,
  );
  let started = 0;
  const worker = async () => {
    while (started < mails) {
      started += 1;
      const start = performance.now();
      await sendOne(outageRecord()).catch(() => {
        kept += 1;
      });
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: Math.min(mails, MAILS) }, worker));
  const allOutMs = performance.now() - begun;
  clearTimeout(late);
  times.sort((a, b) => a - b);
  return { wasted: rig.wasted, kept, allOutMs, p95Ms: times[Math.ceil(0.95 * mails) - 1] ?? 0 };
}
