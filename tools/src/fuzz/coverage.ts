import { Session } from 'node:inspector';

interface Taken { readonly result: { readonly scriptId: string; readonly url: string; readonly functions: { readonly ranges: { readonly startOffset: number; readonly count: number }[] }[] }[] }

/** Which blocks of our libraries ran, as V8 counts them (Chrome DevTools Protocol, Profiler.takePreciseCoverage), each with the magnitude of how often. */
export class Coverage {
  private readonly session = new Session();
  private readonly known = new Set<string>();

  constructor() {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks and magnitudes were ever seen. */
  get size(): number { return this.known.size; }

  /** What ran since the last call and never before, or never as often. Costs some milliseconds, whatever ran. */
  fresh(): Set<string> {
    const fresh = new Set<string>();
    for (const place of this.taken()) if (!this.known.has(place)) { this.known.add(place); fresh.add(place); }
    return fresh;
  }

  /** Everything that ran since the last call. */
  taken(): string[] {
    const places: string[] = [];
    // In the same thread the answer comes before `post` returns.
    this.session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      for (const { scriptId, url, functions } of (taken as unknown as Taken).result) {
        if (!url.includes('/libs/')) continue;
        for (const { ranges } of functions) for (const { startOffset, count } of ranges) if (count > 0) places.push(`${scriptId}:${startOffset}:${Math.ceil(Math.log2(count))}`);
      }
    });
    return places;
  }
}
