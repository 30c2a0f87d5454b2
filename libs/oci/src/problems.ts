import type { ReadProblem } from './limits.ts';

/** Collects problems up to a limit and counts the rest, so that a million bad names do not become a million messages. */
export class ProblemList {
  private readonly kept: ReadProblem[] = [];
  private dropped = 0;
  private readonly limit: number;

  constructor(limit: number) { this.limit = limit; }

  add(code: string, detail: string, where: string): void {
    if (this.kept.length < this.limit) this.kept.push({ code, detail, where });
    else this.dropped++;
  }

  list(where: string): readonly ReadProblem[] {
    return this.dropped === 0 ? this.kept : [...this.kept, { code: 'limit-problems', detail: `and ${this.dropped} more problems`, where }];
  }
}
