import { type Affected, coversEcosystem } from '@plimsoll/advisories';
import type { Covered } from './covered.ts';

/** Counts who speaks of what, and says what is covered by it: `coversEcosystem` decides for each source alone, so two halves never make a whole. */
export class Coverage {
  readonly #records = new Map<string, Map<string, number>>();

  /** Counts one record. */
  add(source: string, affected: readonly Pick<Affected, 'ecosystem'>[]): void {
    let counts = this.#records.get(source);
    if (counts === undefined) this.#records.set(source, counts = new Map());
    for (const ecosystem of new Set(affected.map((entry) => entry.ecosystem))) counts.set(ecosystem, (counts.get(ecosystem) ?? 0) + 1);
  }

  /** By name. */
  covered(): Covered[] {
    const found = new Map<string, Covered>();
    for (const [source, counts] of [...this.#records].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const [ecosystem, records] of counts) {
        if (!coversEcosystem(source, ecosystem, records)) continue;
        const one = found.get(ecosystem) ?? { ecosystem, sources: [], advisories: 0 };
        found.set(ecosystem, one);
        one.sources.push(source);
        one.advisories += records;
      }
    }
    return [...found.values()].sort((a, b) => (a.ecosystem < b.ecosystem ? -1 : 1));
  }
}
