import type { RenewableObjects } from '../../lambda/platform/object-store.ts';
import type { Faults } from '../faults/plan.ts';
import type { Random } from '../random.ts';
import type { DelayedAnswer, SimulatedWorker } from './worker.ts';

/** The simulated S3 bucket with mail. */
export class SimulatedObjects {
  private readonly contents = new Map<string, Buffer>();
  private readonly faults: Faults;
  private readonly random: Random;

  constructor(faults: Faults, random: Random) {
    this.faults = faults;
    this.random = random;
  }

  put(key: string, content: Buffer): void {
    this.contents.set(key, content);
  }

  /** Returns the client of the bucket for one process. */
  of(worker: SimulatedWorker): RenewableObjects {
    return {
      renew: () =>
        worker.request('objects.renew', this.random.between(2, 20), () => ({ afterMs: 5, value: undefined })),
      read: ({ key }, maxBytes) =>
        worker.request(
          'objects.read',
          this.random.between(2, 20),
          (): DelayedAnswer<Buffer | 'missing' | 'too-large'> => {
            if (this.faults.applies('s3-errors', this.random))
              return {
                afterMs: this.random.between(5, 10_000),
                error: Object.assign(new Error('the simulated bucket failed'), { name: 'SlowDown' }),
              };
            const content = this.contents.get(key);
            const afterMs = this.random.between(2, 40);
            if (content === undefined) return { afterMs, value: 'missing' };
            // Each read returns a new copy of the bytes, since the sender decodes attachments in place.
            return { afterMs, value: content.length > maxBytes ? 'too-large' : Buffer.from(content) };
          },
        ),
    };
  }
}
