/**
 * A stream of random numbers that depends only on the seed and the name of the stream.
 *
 * Each component of the simulation draws from its own stream. Therefore an additional draw in one component changes no draw of
 * another component, and a failing run can be reduced to a smaller run.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, name: string) {
    let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    for (let index = 0; index < name.length; index += 1)
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
    this.a = hash;
    this.b = Math.imul(hash ^ 0xc2b2ae35, 0x27d4eb2f) >>> 0;
    this.c = seed >>> 0;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** Returns the next random number in [0, 1), with the algorithm sfc32 of Chris Doty-Humphrey. */
  next(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /**
   * Returns a number between `low` and `high` with a log-uniform distribution. Such a distribution suits durations from seconds to
   * weeks.
   */
  scaled(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }

  /** Returns a whole number from 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T;
  }
}
