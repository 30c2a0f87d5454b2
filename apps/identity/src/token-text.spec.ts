import { describe, expect, it } from 'vitest';
import { base62 } from './base62.ts';
import { newTokenText, tokenHash, tokenIdOf } from './token-text.ts';

describe('the text of an API token', () => {
  it('is found by a scanner, told from a look-alike by its checksum, and never twice the same', () => {
    const made = Array.from({ length: 200 }, newTokenText);
    for (const { id, text } of made) {
      expect(text).toMatch(/^plt_[0-9A-Za-z]{12}_[0-9A-Za-z]{27}_[0-9A-Za-z]{6}$/);
      expect(tokenIdOf(text)).toBe(id);
    }
    expect(new Set(made.map(({ text }) => text)).size).toBe(200);
  });

  it('is nothing any more when one character differs', () => {
    const { text } = newTokenText();
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'a' ? 'b' : 'a';
      expect(tokenIdOf(text.slice(0, at) + other + text.slice(at + 1)), `at ${at}`).toBeUndefined();
    }
  });

  it.each(['', 'plt_', 'plt___', ` ${newTokenText().text}`, `${newTokenText().text}\n`, `${newTokenText().text}x`, 'x'.repeat(100_000)])('refuses what is none (%#)', (text) => { expect(tokenIdOf(text)).toBeUndefined(); });

  it('writes numbers in base 62', () => { expect([base62(0, 6), base62(61, 2), base62(62, 2), base62(0xffffffff, 6)]).toEqual(['000000', '0z', '10', '4gfFC3']); });

  it('is kept as its SHA-256', () => { expect(tokenHash('abc').toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'); });
});
