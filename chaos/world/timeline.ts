interface ScheduledAct {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/**
 * The simulated time: a priority queue of actions, ordered by time. Actions with the same time run in the order in which they were
 * scheduled.
 */
export class Timeline {
  /** The current simulated time, in epoch milliseconds. */
  now: number;
  private readonly heap: ScheduledAct[] = [];
  private order = 0;
  private touched = false;

  constructor(start: number) {
    this.now = start;
  }

  at(time: number, act: () => void): void {
    this.push({ at: Math.max(time, this.now), order: this.order++, act });
  }

  after(ms: number, act: () => void): void {
    this.at(this.now + Math.max(0, ms), act);
  }

  /**
   * Must be called before handler code continues. Simulated time then stops until the handler code awaits a simulated service or a
   * timer again.
   */
  wake(): void {
    this.touched = true;
  }

  /** Runs actions until none is left, `end` is reached, or `over` returns true. */
  async run(end: number, over: () => boolean = () => false): Promise<void> {
    await this.settle();
    while (!over()) {
      const next = this.heap[0];
      if (!next || next.at > end) break;
      this.pop();
      this.now = next.at;
      next.act();
      if (this.touched) await this.settle();
    }
  }

  /**
   * Waits until the handler code is idle, that is until all pending promises of the handler wait for scheduled actions of the
   * simulation.
   *
   * One turn of the real event loop runs all microtasks and ticks. Composing MIME and the first `import()` of a module take more
   * turns. Node lists such work as active resources until the work ends.
   */
  private async settle(): Promise<void> {
    do {
      this.touched = false;
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.touched || process.getActiveResourcesInfo().some(isWork));
  }

  private push(scheduled: ScheduledAct): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(scheduled);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(scheduled, heap[parent] as ScheduledAct)) break;
      heap[place] = heap[parent] as ScheduledAct;
      place = parent;
    }
    heap[place] = scheduled;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as ScheduledAct;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as ScheduledAct, heap[child] as ScheduledAct)) child += 1;
      if (!before(heap[child] as ScheduledAct, last)) break;
      heap[place] = heap[child] as ScheduledAct;
      place = child;
    }
    heap[place] = last;
  }
}

function before(a: ScheduledAct, b: ScheduledAct): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * Whether an active resource of Node is work of the handler. Pipes to the parent process are always active, so they do not count.
 * The handler uses no real timers.
 */
function isWork(resource: string): boolean {
  return resource === 'Immediate' || resource.startsWith('FS') || resource === 'ZLIB';
}
