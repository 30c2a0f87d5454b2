import { RE2JS } from 're2js';

// CEL's matches() is RE2 by its specification, and RE2's time is linear in the text. The evaluator's own matches()
// is JavaScript's RegExp, which backtracks: `(a+)+$` on thirty letters would hold the process for minutes.

const cache = new Map<string, RE2JS>();

/** Compiles an RE2 pattern. Throws the reader's own error when it is none. */
export function compilePattern(pattern: string): RE2JS {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    compiled = RE2JS.compile(pattern);
    if (cache.size >= 1_000) cache.clear();
    cache.set(pattern, compiled);
  }
  return compiled;
}

/** Whether the pattern is found anywhere in the text. */
export const matchesPattern = (text: string, pattern: string): boolean => compilePattern(pattern).test(text);
