import { isolate, release } from '../../lambda/circuit/operator-switch.ts';
import type { FaultWindow } from '../faults/plan.ts';
import type { Random } from './random.ts';
import type { SimulatedWorld } from './world.ts';

const HOUR_MS = 3_600_000;
/** Number of redrives during faults; one more follows an hour after the last fault. */
const REDRIVES = 4;
/** Share of the dead letters that are redriven. */
const SHARE = 0.5;
/** Reason that is not redriven: mail for a later release would wait again, perhaps for long. */
const HOPELESS = 'Malformed';

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
      timeline.at(at, () =>
        // A message without a proof and without a producer's id would be another mail.
        this.world.redrive(
          ({ body, attributes: { Reason: reason, Detail: detail, Proof: proof } }) =>
            reason !== undefined &&
            detail !== undefined &&
            reason !== HOPELESS &&
            (proof !== undefined || body.includes('"id":')) &&
            random.chance(SHARE),
        ),
      );
  }
}
