import { invalid } from '@plimsoll/problem';
import { defaultImageLimits, defaultReadLimits, type ImageLimits, type ReadLimits } from './limits.ts';

/** Limits that differ from the defaults. */
export interface ChangedLimits { readonly limits: Partial<ReadLimits>; readonly imageLimits: Partial<ImageLimits> }

/**
 * Reads `NAME=VALUE` words, as people set limits: names as in docs/limits.md (`layer-bytes`, `ratio`, `layers`), values whole numbers,
 * with Ki, Mi or Gi behind them where that is meant. The last of several wins. Throws Problem `limit-unknown` or `limit-value`.
 */
export function parseLimits(words: readonly string[]): ChangedLimits {
  const limits: Partial<Record<keyof ReadLimits, number>> = {}, imageLimits: Partial<Record<keyof ImageLimits, number>> = {};
  for (const word of words) {
    const [name, text = ''] = word.split('=', 2) as [string, string?];
    const key = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = numberOf(name, text);
    if (Object.hasOwn(defaultReadLimits, key)) limits[key as keyof ReadLimits] = value;
    else if (Object.hasOwn(defaultImageLimits, key)) imageLimits[key as keyof ImageLimits] = value;
    else throw invalid('limit-unknown', `no limit is called ${name}; there are ${limitNames.join(', ')}`);
  }
  return { limits, imageLimits };
}

/** Every limit's name as people write it. */
export const limitNames: readonly string[] = [...Object.keys(defaultReadLimits), ...Object.keys(defaultImageLimits)].map((key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)).sort();

const units: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

function numberOf(name: string, text: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})(Ki|Mi|Gi|Ti)?$/.exec(text.trim()) ?? [];
  const value = Number(digits) * units[unit]!;
  if (digits === undefined || value === 0 || !Number.isSafeInteger(value)) throw invalid('limit-value', `--limit ${name}=${text}: a whole number above 0, like 500000 or 64Gi`);
  return value;
}
