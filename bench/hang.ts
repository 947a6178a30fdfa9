import { setTimeout as pause } from 'node:timers/promises';
import type { SQSRecord } from 'aws-lambda';
import { RETRY_ATTRIBUTE } from '../lambda/contract/dead-letter.ts';
import { type Figure, seconds } from './figure.ts';
import { BATCH, type OutageRig, outageRecord } from './outage-rig.ts';

/** Highest allowed 95th percentile of the durations of all mails, in a run during which the first provider begins to hang. */
const MOST_P95_MS = 2_500;
/** Time between two mails, and the number of the mail with which the first provider begins to hang. */
const [ARRIVAL_MS, HANG_FROM] = [50, 100];
/** The provider accepts the mail but does not answer. If the mail is then sent again, it is counted as accepted twice. */
const FAULT = { network: 'hang-after-accept', on: 'send' };

/**
 * Measures mail that arrives steadily at one sender process, in batches of up to ten. Durations begin with the arrival of a mail,
 * so they include its wait in the queue. The mail that is in flight when the provider begins to hang is reported separately;
 * after a wait, the sender asks the provider whether it has this mail.
 */
export async function measureHang(rig: OutageRig, mails: number): Promise<Figure[]> {
  await rig.fault([]);
  const kept: SQSRecord[] = [];
  const send = rig.worker(kept);
  const times: number[] = [];
  let inFlight: readonly number[] = [];
  const begun = performance.now();
  const arrivedAt = (mail: number) => begun + mail * ARRIVAL_MS;
  for (let taken = 0; taken < mails; ) {
    await pause(Math.max(0, arrivedAt(taken) - performance.now()));
    const arrived = Math.floor((performance.now() - begun) / ARRIVAL_MS) + 1;
    const batch = Array.from({ length: Math.min(BATCH, mails - taken, arrived - taken) }, (_, place) => taken + place);
    taken += batch.length;
    const beginsToHang = inFlight.length === 0 && taken > HANG_FROM;
    if (beginsToHang) await rig.fault(FAULT);
    const one = async (mail: number) => {
      await send(outageRecord({ onUnknown: 'ask' }));
      return performance.now() - arrivedAt(mail);
    };
    const waits = await Promise.all(batch.map(one));
    times.push(...waits);
    if (beginsToHang) inFlight = waits;
  }
  const lost = kept.length;
  while (kept.length > 0) {
    await pause(Math.max(...kept.map(dueAt)) - Date.now());
    await Promise.all(kept.splice(0, BATCH).map(send));
  }
  const { mails: taken, twice } = await rig.taken();
  times.sort((one, other) => one - other);
  const p95 = times[Math.ceil(0.95 * times.length) - 1] ?? 0;
  const hung = mails - HANG_FROM;
  return [
    {
      name: `first provider hangs in the middle of ${mails} mails that arrive every ${ARRIVAL_MS} ms: 95th percentile`,
      value: `${seconds(p95)}, slowest ${seconds(times.at(-1) ?? 0)} (in flight when it began: ${inFlight.length}, at most ${seconds(Math.max(...inFlight))})`,
      target: { text: `at most ${seconds(MOST_P95_MS)}`, met: p95 <= MOST_P95_MS },
    },
    {
      name: 'the same: answers lost, looked up after their wait; mails sent twice',
      value: `${lost}; ${twice} of ${taken} accepted`,
      target: { text: 'none twice, none lost', met: twice === 0 && taken >= hung },
    },
  ];
}

/** Returns the time at which a waiting message is due. */
function dueAt({ messageAttributes }: SQSRecord): number {
  return Date.parse(messageAttributes[RETRY_ATTRIBUTE.notBefore]?.stringValue ?? '');
}
