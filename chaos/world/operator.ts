import { isolate, release } from '../../lambda/circuit/operator-switch.ts';
import type { FaultWindow } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { QueueMessage } from './queue.ts';
import type { SimulatedWorld } from './world.ts';

const HOUR_MS = 3_600_000;
/** Number of redrives of the dead-letter queue while faults occur. One more redrive follows an hour after the last fault. */
const REDRIVES = 4;
/** Share of the dead letters that an operator redrives. */
const SHARE = 0.5;
/**
 * A dead letter whose attribute `Detail` begins with this prefix has a later version. Such a dead letter is not redriven: SQS
 * would deliver the message again and again for a day, which may be longer than the rest of the run.
 */
const FOR_LATER = 'version: ';

/** Simulates operators who isolate providers, end the isolation of providers, and redrive dead letters. */
export class Operator {
  private readonly world: SimulatedWorld;
  private readonly quietFrom: number;
  private readonly random: Random;

  constructor(world: SimulatedWorld, quietFrom: number) {
    this.world = world;
    this.quietFrom = quietFrom;
    this.random = world.random('operator');
  }

  /** Schedules an isolation of the provider for each fault of the kind `isolated`, and schedules the redrives. */
  work(windows: readonly FaultWindow[]): void {
    const { timeline } = this.world;
    const switched = windows.filter(({ kind }) => kind === 'isolated');
    for (const { provider = '', from } of switched)
      timeline.at(from, () => {
        const together = switched.filter((one) => one.provider === provider && one.from <= from && one.to > from);
        const until = Math.max(...together.map(({ to }) => to));
        timeline.wake();
        const early = this.random.chance(0.5);
        const word = { reason: 'a simulated operator wants it so', who: 'operator' };
        const forMs = until - timeline.now + (early ? HOUR_MS : 0);
        void isolate(this.world.table.direct(), provider, { ...word, forMs }, timeline.now);
        if (early)
          timeline.at(until, () => {
            // Another fault of the kind `isolated` may need the isolation of this provider for longer.
            if (switched.some((one) => one.provider === provider && one.from <= until && one.to > until)) return;
            timeline.wake();
            void release(this.world.table.direct(), provider, 'operator', timeline.now);
          });
      });
    this.redrive();
  }

  private redrive(): void {
    const { timeline } = this.world;
    const random = this.world.random('redrive');
    const during = Array.from({ length: REDRIVES }, () => random.between(timeline.now, this.quietFrom));
    for (const at of [...during, this.quietFrom + HOUR_MS])
      timeline.at(at, () => this.world.redrive((deadLetter) => isWanted(deadLetter) && random.chance(SHARE)));
  }
}

/** Whether a simulated operator may redrive this dead letter. */
function isWanted({ body, attributes: { Detail: detail, Proof: proof } }: QueueMessage): boolean {
  if (detail?.startsWith(FOR_LATER)) return false;
  // Without a valid signature (`Proof`) and without an id from the producer, the redriven message would count as another mail. A
  // message that SQS itself moved has no attribute `Detail`, and its `Proof` may be a forgery of the producer.
  return (detail !== undefined && proof !== undefined) || body.includes('"id":');
}
