import { compareCounts, compareText, type Count, countKey, textKey } from './key.ts';
import { type SchemeDefinition, Unreadable } from './scheme.ts';

/** VERS `lexicographic`: UTF-8 bytes, nothing normalised. */
export const lexicographic: SchemeDefinition<string> = {
  parse: (version) => version === '' ? new Unreadable('version is empty') : version,
  compare: compareText,
  key: textKey,
};

/** Seconds since the year 1 and the fraction's digits. */
export type Instant = readonly [seconds: Count, fraction: string];

/** VERS `datetime`: RFC 3339 section 5.6, in upper case, ordered by the instant. */
export const datetime: SchemeDefinition<Instant> = {
  parse(version) {
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(version);
    if (match === null) return new Unreadable('not an RFC 3339 timestamp');
    const minutes = Date.parse(`${match[1]}:00${match[4]}`);
    const seconds = Number(match[2]);
    if (Number.isNaN(minutes) || seconds > 60) return new Unreadable('no such date or time');
    return [minutes / 1000 + seconds + 62_135_683_200, (match[3] ?? '').replace(/0+$/, '')];
  },
  compare: ([a, x], [b, y]) => compareCounts(a, b) || compareText(x, y),
  key: ([seconds, fraction]) => countKey(seconds) + textKey(fraction),
};
