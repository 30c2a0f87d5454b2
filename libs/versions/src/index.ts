export * from './compare.ts';
export * from './ecosystems.ts';
export * from './in-range.ts';
export { contains, type KeyInterval, type OsvAffected, type OsvEvent, osvIntervals, type OsvRange } from './range-osv.ts';
export { semverComparisons } from './range-semver.ts';
export { maxRangeLength, type RangeAnswer, type RangeOptions, type RangeTest } from './range.ts';
export { maxVersionLength, parseVersion, type SchemeDefinition, Unreadable } from './scheme.ts';
export { isScheme, type Scheme, schemeNames, schemes } from './schemes.ts';
