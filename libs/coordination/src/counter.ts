import type { Coordination } from './coordination.ts';

/** A number that all processes share. A whole number within ±(2^53 - 1). */
export class Counter {
  constructor(
    private readonly coordination: Pick<Coordination, 'add' | 'read' | 'compareAndSet'>,
    readonly name: string,
  ) {}

  add(by = 1): Promise<number> {
    return this.coordination.add(this.name, by);
  }

  value(): Promise<number> {
    return this.coordination.read(this.name);
  }

  compareAndSet(expected: number, next: number): Promise<boolean> {
    return this.coordination.compareAndSet(this.name, expected, next);
  }
}
