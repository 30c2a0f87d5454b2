import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultImageLimits, defaultReadLimits } from './limits.ts';
import { limitNames, parseLimits } from './parse-limits.ts';

it('reads names and units, the last one wins', () => {
  expect(parseLimits(['entries=5', 'layer-bytes=2Gi', 'layers=3', 'entries=7'])).toEqual({ limits: { entries: 7, layerBytes: 2 * 2 ** 30 }, imageLimits: { layers: 3 } });
  expect(parseLimits([])).toEqual({ limits: {}, imageLimits: {} });
});

it.each(['entries', 'entries=', 'entries=0', 'entries=-1', 'entries=1.5', 'entries=1e9', 'entries=9999999999Gi', 'entries=5 apples'])('refuses %j', (word) => {
  expect(() => parseLimits([word])).toThrow(expect.objectContaining({ code: 'limit-value' }));
});

it('names those there are', () => {
  expect(() => parseLimits(['entires=5'])).toThrow(expect.objectContaining({ code: 'limit-unknown', message: expect.stringContaining('entries') }));
});

it('docs/limits.md has every limit with its default', () => {
  const text = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
  const written = new Map([...text.matchAll(/^\| `([a-z-]+)` \| ([\d,]+)(?: (Ki|Mi|Gi)B)? \|/gm)].map(([, name, digits, unit]) => [name!, Number(digits!.replaceAll(',', '')) * ({ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit ?? ''] ?? 1)]));
  const all: Record<string, number> = { ...defaultReadLimits, ...defaultImageLimits };
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(limitNames.map((name) => [name, all[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]])));
});
