interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Simulated time: a queue of events by time; events of one time in the order of their scheduling. */
export class Timeline {
  /** Epoch milliseconds. */
  now: number;
  private readonly heap: Entry[] = [];
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

  /** Call after settling a promise that handler code waits for: time then stops until that code waits again. */
  wake(): void {
    this.touched = true;
  }

  /** Runs events until none is left, `end` is reached, or `over` is true. */
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
   * Waits until handler code is idle: each of its promises waits for the world.
   *
   * One turn of the real event loop runs every microtask and tick; composing MIME and the first `import()` of a module take
   * some turns more, and show as active resources meanwhile.
   */
  private async settle(): Promise<void> {
    do {
      this.touched = false;
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.touched || process.getActiveResourcesInfo().some(isWork));
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let place = heap.length;
    heap.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!before(entry, heap[parent] as Entry)) break;
      heap[place] = heap[parent] as Entry;
      place = parent;
    }
    heap[place] = entry;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!before(heap[child] as Entry, last)) break;
      heap[place] = heap[child] as Entry;
      place = child;
    }
    heap[place] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Pipes to the parent process are active all the time; the handler may not wait for timers. */
function isWork(resource: string): boolean {
  return resource === 'Immediate' || resource.startsWith('FS') || resource === 'ZLIB';
}
