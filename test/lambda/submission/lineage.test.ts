import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReplaced, type Lineage, type Named, NOTHING_TAKEN, takenUp } from '../../../lambda/submission/lineage.ts';

describe('the lineage of a submission', () => {
  const begun = takenUp({ messageId: 'm' }, 'a', NOTHING_TAKEN);

  it('begins with the first message and its worker', () => {
    expect(begun).toEqual({ taken: ['m'], workers: ['a'] });
  });

  it('continues with the successor that a worker sent: all other messages are replaced', () => {
    const next = takenUp({ messageId: 'n', signature: 'a' }, 'b', { taken: ['m'], workers: ['x', 'a'] });

    expect(next).toEqual({ taken: ['a'], workers: ['b'] });
    expect(isReplaced({ messageId: 'o', signature: 'x' }, next)).toBe(true);
    expect(isReplaced({ messageId: 'o', signature: 'a' }, next)).toBe(false);
    expect(isReplaced({ messageId: 'o', signature: 'b' }, next)).toBe(false);
  });

  it('keeps all messages that may be the only one left when one is delivered again', () => {
    expect(takenUp({ messageId: 'm' }, 'b', begun)).toEqual({ taken: ['m'], workers: ['a', 'b'] });
    expect(takenUp({ messageId: 'n', signature: 'a' }, 'c', { taken: ['a'], workers: ['b'] })).toEqual({
      taken: ['a'],
      workers: ['b', 'c'],
    });
  });

  it('adds a message that it does not know, such as a producer that sends again', () => {
    expect(takenUp({ messageId: 'other' }, 'b', begun)).toEqual({ taken: ['m', 'other'], workers: ['a', 'b'] });
  });

  it('never calls a message replaced that has no token, or whose submission has no lineage', () => {
    expect(isReplaced({ messageId: 'other' }, begun)).toBe(false);
    expect(isReplaced({ messageId: 'other', signature: 'x' }, 'unknown')).toBe(false);
    expect(takenUp({ messageId: 'm' }, 'a', 'unknown')).toBe('unknown');
  });

  it('is dropped before it grows without bound', () => {
    let lineage: Lineage | 'unknown' = NOTHING_TAKEN;
    for (let worker = 1; worker <= 31; worker += 1) lineage = takenUp({ messageId: 'm' }, `w-${worker}`, lineage);
    expect(lineage).toMatchObject({ workers: { length: 31 } });

    expect(takenUp({ messageId: 'm' }, 'w-32', lineage)).toBe('unknown');
  });

  it('always leaves a message that may continue, whatever is repeated, killed or fails', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(9)), { minLength: 5, maxLength: 120 }), (steps) => {
        const world = new Copies();
        for (const [choice, event] of steps) {
          world.step(choice, event);
          expect(world.alive, world.story.join('\n')).toBeGreaterThan(0);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves one message once nothing is repeated any more', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(9)), { minLength: 5, maxLength: 60 }), (steps) => {
        const world = new Copies();
        for (const [choice, event] of steps) world.step(choice, event);
        if (world.known) expect(world.settle(), world.story.join('\n')).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  });
});

interface Message extends Named {
  deleted: boolean;
}

interface Worker {
  readonly name: string;
  readonly message: Message;
  readonly seen: number;
  readonly lineage: Lineage | 'unknown';
  /** Whether the worker knows that its write to the table succeeded; undefined before the write. */
  wrote?: boolean;
  letter?: boolean;
}

/**
 * Simulates one waiting submission: its queue messages, the workers that have claimed these messages, and the stored record of
 * the submission.
 */
class Copies {
  readonly story: string[] = [];
  private messages: Message[] = [{ messageId: 'm', deleted: false }];
  private workers: Worker[] = [];
  private entry: { readonly rev: number; readonly lineage: Lineage | 'unknown' } | undefined;
  private count = 0;

  /** Number of messages that still exist and that a worker would process after receiving them. */
  get alive(): number {
    return this.messages.filter((one) => !one.deleted && !isReplaced(one, this.lineage)).length;
  }

  private get lineage(): Lineage | 'unknown' {
    return this.entry?.lineage ?? NOTHING_TAKEN;
  }

  get known(): boolean {
    return this.entry !== undefined && this.lineage !== 'unknown';
  }

  step(choice: number, event: number): void {
    const worker = this.workers[choice % Math.max(1, this.workers.length)];
    // SQS may deliver a message that another worker has deleted, since another SQS server may still have a copy of the message.
    if (event <= 2 || !worker) this.receive(this.messages[choice % this.messages.length] as Message);
    else if (event === 3) this.die(worker);
    else if (event === 4 && choice < 3) this.resend();
    else this.advance(worker, event);
  }

  /** Lets every worker end and every message be received until only waiting messages remain; returns their number. */
  settle(): number {
    while (this.workers[0]) this.advance(this.workers[0], 9);
    for (let round = 0; round < 3; round += 1)
      for (const message of this.messages.filter(({ deleted }) => !deleted)) {
        this.receive(message);
        while (this.workers[0]) this.advance(this.workers[0], 9);
      }
    return this.messages.filter(({ deleted }) => !deleted).length;
  }

  private receive(message: Message): void {
    if (isReplaced(message, this.lineage)) {
      message.deleted = true;
      this.story.push(`${nameOf(message)} is replaced`);
      return;
    }
    this.count += 1;
    const name = `w${this.count}`;
    const lineage = takenUp(message, name, this.lineage);
    this.workers.push({ name, message, seen: this.entry?.rev ?? 0, lineage });
    this.story.push(`${name} takes up ${nameOf(message)}`);
  }

  private resend(): void {
    this.count += 1;
    this.messages.push({ messageId: `r${this.count}`, deleted: false });
    this.story.push('the producer sends again');
  }

  private die(worker: Worker): void {
    this.workers = this.workers.filter((one) => one !== worker);
    this.story.push(`${worker.name} dies`);
  }

  private advance(worker: Worker, event: number): void {
    const { name, message } = worker;
    if (worker.wrote === undefined) {
      if ((this.entry?.rev ?? 0) !== worker.seen) {
        this.die(worker);
        return;
      }
      // The number `event` decides whether the write has no effect, takes effect while its answer is lost, or succeeds.
      if (event !== 5) this.entry = { rev: worker.seen + 1, lineage: worker.lineage };
      worker.wrote = event > 6;
      this.story.push(`${name} writes ${JSON.stringify(this.entry?.lineage)}, and knows: ${worker.wrote}`);
    } else if (!worker.letter) {
      this.count += 1;
      const signature = worker.wrote ? name : message.signature;
      this.messages.push({ messageId: `l${this.count}`, ...(signature && { signature }), deleted: false });
      worker.letter = true;
      this.story.push(`${name} sends a successor`);
    } else {
      // For one value of `event`, SQS loses the deletion of the message.
      if (event !== 5) message.deleted = true;
      this.die(worker);
    }
  }
}

function nameOf({ messageId, signature }: Message): string {
  return signature ? `the successor of ${signature}` : messageId;
}
