import { compareCounts, type Count, countKey, countOf, isNumber } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

type Segment = { readonly number: Count } | { readonly text: string };

export interface GemVersion {
  /** As Gem::Version#canonical_segments: no zeros at the end, nor before the first letters. */
  readonly segments: readonly Segment[];
  /** As Gem::Version#segments, for `~>`. */
  readonly written: readonly Segment[];
  readonly regular: boolean;
}

/** Gem::Version (rubygems lib/rubygems/version.rb): numbers after text, and a missing segment is a zero. */
export const rubygems: SchemeDefinition<GemVersion> = {
  parse(version) {
    if (plain.test(version)) {
      const written = version.split('.').map((number) => ({ number: countOf(number) }));
      let end = written.length;
      while (end > 0 && written[end - 1]!.number === 0) end--;
      return { segments: end === written.length ? written : written.slice(0, end), written, regular: true };
    }
    const written: Segment[] = [];
    for (const part of version.replaceAll('-', '.pre.').match(/[0-9]+|[a-z]+/gi) ?? []) {
      written.push(isNumber(part) ? { number: countOf(part) } : { text: part });
    }
    if (written.length === 0 && version !== '') return new Unreadable('neither numbers nor letters');
    return { segments: canonical(written), written, regular: pattern.test(version) };
  },
  compare: ({ segments: a }, { segments: b }) => compareSegments(a, b),
  key({ segments }) {
    let key = '';
    let zeros = 0;
    for (const segment of segments) {
      if ('number' in segment && segment.number === 0) {
        zeros++;
        continue;
      }
      // Zeros are what a shorter version has too: n of them and then text is the older the smaller n, then a number the newer.
      if (zeros > 0) key += 'text' in segment ? '\x02' + mark(zeros) : '\x04' + mark(0xffff - zeros);
      zeros = 0;
      key += 'text' in segment ? '\x01' + segment.text + '\x00' : '\x05' + countKey(segment.number);
    }
    return key + '\x03';
  },
  irregular: ({ regular }) => regular ? undefined : 'not a version RubyGems accepts',
};

/** Almost every version there is. */
const plain = /^\d+(?:\.\d+)*$/;
/** Gem::Version::VERSION_PATTERN, anchored. The empty version is 0. */
const pattern = /^(?:[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?$/;

const mark = (n: number): string => String.fromCharCode(n >> 8, n & 0xff);
const isZero = (segment: Segment): boolean => 'number' in segment && segment.number === 0;

/** Leaves out the zeros at the end of the numbers before the first text, and those at the very end. */
function canonical(written: readonly Segment[]): Segment[] {
  let text = written.findIndex((segment) => 'text' in segment);
  if (text < 0) text = written.length;
  const drop = (segments: Segment[]): Segment[] => {
    while (segments.length > 0 && isZero(segments.at(-1)!)) segments.pop();
    return segments;
  };
  return [...drop(written.slice(0, text)), ...drop(written.slice(text))];
}

const zero: Segment = { number: 0 };

export function compareSegments(a: readonly Segment[], b: readonly Segment[]): number {
  for (let i = 0; i < a.length || i < b.length; i++) {
    const x = a[i] ?? zero;
    const y = b[i] ?? zero;
    if ('text' in x) {
      if (!('text' in y)) return -1;
      if (x.text !== y.text) return x.text < y.text ? -1 : 1;
    } else {
      if ('text' in y) return 1;
      const compared = compareCounts(x.number, y.number);
      if (compared !== 0) return compared;
    }
  }
  return 0;
}
