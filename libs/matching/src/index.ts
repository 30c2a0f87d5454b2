export * from './advisory-index.ts';
export * from './ecosystem-of.ts';
export * from './finding.ts';
export { judge, type Judgement, type Subject } from './judge.ts';
export { type KeyedEntry, keyedEntry, type KeyedRange } from './keyed.ts';
export { match, type Matched, subjectOf } from './match.ts';
export * from './summarize.ts';
