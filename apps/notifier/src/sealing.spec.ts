import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readSealingKey, Sealing } from './sealing.ts';

describe('sealing', () => {
  const key = randomBytes(32), sealing = new Sealing(key);

  it('opens what it sealed, and each sealing looks different', () => {
    const [a, b] = [sealing.seal('s1', 'whsec_x'), sealing.seal('s1', 'whsec_x')];
    expect([sealing.open('s1', a), sealing.open('s1', b)]).toEqual(['whsec_x', 'whsec_x']);
    expect(a).not.toBe(b);
    expect(Buffer.from(a.slice('sealed.v1:'.length), 'base64').toString('latin1')).not.toContain('whsec_');
  });

  it('does not open with another key, without a key, for another subscription, or changed', () => {
    const sealed = sealing.seal('s1', 'whsec_x');
    expect(() => new Sealing(randomBytes(32)).open('s1', sealed)).toThrow(/does not open/);
    expect(() => new Sealing(undefined).open('s1', sealed)).toThrow(/PLIMSOLL_NOTIFIER_KEY_FILE is not set/);
    expect(() => sealing.open('s2', sealed)).toThrow(/does not open/);
    const bytes = Buffer.from(sealed.slice('sealed.v1:'.length), 'base64');
    bytes[14]! ^= 1;
    expect(() => sealing.open('s1', `sealed.v1:${bytes.toString('base64')}`)).toThrow(/does not open/);
  });

  it('passes secrets through without a key, and reads those from before there was one', () => {
    expect(new Sealing(undefined).seal('s1', 'whsec_x')).toBe('whsec_x');
    expect(sealing.open('s1', 'whsec_x')).toBe('whsec_x');
  });

  it('wants 32 bytes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-key-'));
    try {
      writeFileSync(join(folder, 'key'), `${key.toString('base64')}\n`);
      writeFileSync(join(folder, 'short'), randomBytes(16).toString('base64'));
      expect(readSealingKey(join(folder, 'key'))).toEqual(key);
      expect(() => readSealingKey(join(folder, 'short'))).toThrow(/16 bytes, not 32/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
