import { type LifecycleParser, parseEndOfLife } from './lifecycle.ts';
import type { Source } from './sources.ts';

/** One publication of how long releases are looked after; fields as those of `Source`. */
export interface LifecycleSource extends Pick<Source, 'id' | 'title' | 'urls' | 'list' | 'interval' | 'floor' | 'sign'> {
  readonly parse: LifecycleParser;
}

/** One line each. */
export const lifecycleSources: readonly LifecycleSource[] = [
  { id: 'endoflife', title: 'endoflife.date', floor: 2_000, interval: 24 * 3600, parse: parseEndOfLife, sign: /^\s*\{[^]*"result"\s*:[^]*"releases"\s*:|^\s*\[\s*\{[^\]]*"cycle"\s*:/, urls: ['https://endoflife.date/api/v1/products/full'] },
];
