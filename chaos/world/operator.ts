import { isolate, release } from '../../lambda/circuit/operator-switch.ts';
import type { FaultWindow } from '../faults/plan.ts';
import type { QueueMessage } from './queue.ts';
import type { Random } from './random.ts';
import type { SimulatedWorld } from './world.ts';

const HOUR_MS = 3_600_000;
/** Number of redrives during faults; one more follows an hour after the last fault. */
const REDRIVES = 4;
/** Share of the dead letters that are redriven. */
const SHARE = 0.5;
/** Start of the detail of mail for a later release: it would be received for another day, longer than the calm lasts. */
const FOR_LATER = 'version: ';

/** Simulated operators, who set switches and redrive dead letters. */
export class Operator {
  private readonly world: SimulatedWorld;
  private readonly calmFrom: number;
  private readonly random: Random;

  constructor(world: SimulatedWorld, calmFrom: number) {
    this.world = world;
    this.calmFrom = calmFrom;
    this.random = world.random('operator');
  }

  /** Sets switches at the times of the windows, and redrives. */
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
            // Another operator may want the provider isolated for longer.
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
    const during = Array.from({ length: REDRIVES }, () => random.between(timeline.now, this.calmFrom));
    for (const at of [...during, this.calmFrom + HOUR_MS])
      timeline.at(at, () => this.world.redrive((letter) => isWanted(letter) && random.chance(SHARE)));
  }
}

/** Whether an operator may redrive a dead letter. */
function isWanted({ body, attributes: { Detail: detail, Proof: proof } }: QueueMessage): boolean {
  if (detail?.startsWith(FOR_LATER)) return false;
  // A message without a proof of ours and without a producer's id would be another mail. SQS itself moves messages
  // without a detail, with what a producer wrote into their attributes.
  return (detail !== undefined && proof !== undefined) || body.includes('"id":');
}
