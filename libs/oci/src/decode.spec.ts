import { execFileSync } from 'node:child_process';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { passesSelfTest } from './decode-self-test.ts';
import { createDecoder, type DecodeFailure, rawDecoder, streamDecoder, usesRawHandle } from './decode.ts';

type Make = typeof rawDecoder;

// Random enough to compress badly, then a long run: both extremes of output per input.
const noise = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 2_654_435_761) >>> 24));
const run = Buffer.alloc(3_000_000, 'A');
const text = Buffer.concat([noise, run]);

/** What comes out: 'noise', 'text', other content as its length, or what went wrong. */
async function decode(make: Make, compression: 'gzip' | 'zstd', stored: Buffer, cut: number): Promise<string> {
  const parts: Buffer[] = [];
  const fail: DecodeFailure = (reason) => new Error(reason);
  const decoder = make(compression, (part) => parts.push(Buffer.from(part)), fail);
  try {
    for (let at = 0; at < stored.length; at += cut) await decoder.push(stored.subarray(at, at + cut));
    await decoder.end();
    const content = Buffer.concat(parts);
    return content.equals(text) ? 'text' : content.equals(noise) ? 'noise' : `${content.length} bytes`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    decoder.close();
  }
}

const skippable = Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 16, 0, 0, 0]), Buffer.alloc(16, 7)]);
const damaged = (stored: Buffer, at: number): Buffer => { const copy = Buffer.from(stored); copy[at]! ^= 0xff; return copy; };
const compress = {
  gzip: gzipSync,
  zstd: (content: Buffer) => zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
};

describe.each([['the raw handle', rawDecoder], ['the public streams', streamDecoder]] as const)('%s', (_name, make) => {
  describe.each(['gzip', 'zstd'] as const)('%s', (compression) => {
    const one = compress[compression](noise), two = compress[compression](run);
    const both = Buffer.concat([one, two]);

    it.each([
      ['in one push', both.length], ['cut at the end of the first', one.length], ['cut one byte behind it', one.length + 1], ['cut one byte before it', one.length - 1], ['in pushes of 13 bytes', 13],
    ])('decodes two members or frames %s', async (_what, cut) => {
      expect(await decode(make, compression, both, cut)).toBe('text');
    });

    it.each([1, 5, 8, 20])('calls a stream without its last %i bytes truncated', async (missing) => {
      expect(await decode(make, compression, both.subarray(0, -missing), 4096)).toBe('truncated');
    });

    it('survives damage in the middle, and pushes after it', async () => {
      const stored = damaged(one, one.length >> 1);
      const decoder = make(compression, () => {}, (reason) => new Error(reason));
      const attempt = async () => { await decoder.push(stored); await decoder.end(); };
      await expect(attempt()).rejects.toThrow(/corrupt|truncated/);
      await expect((async () => { await decoder.push(stored); })()).rejects.toThrow();
      decoder.close();
    });

    it('refuses garbage behind the end', async () => {
      expect(await decode(make, compression, Buffer.concat([both, Buffer.from('garbage!')]), 4096)).toBe('corrupt');
      expect(await decode(make, compression, Buffer.concat([both, Buffer.from('garbage!')]), both.length)).toBe('corrupt');
    });

    it('lets the error of its consumer through', async () => {
      const decoder = make(compression, () => { throw new Error('enough'); }, (reason) => new Error(reason));
      await expect((async () => { await decoder.push(two); await decoder.end(); })()).rejects.toThrow('enough');
      decoder.close();
    });
  });

  it('accepts zero padding behind gzip, and nothing behind the padding', async () => {
    const stored = gzipSync(noise);
    expect(await decode(make, 'gzip', Buffer.concat([stored, Buffer.alloc(1000)]), 256)).toBe('noise');
    expect(await decode(make, 'gzip', Buffer.concat([stored, Buffer.alloc(1000), stored]), 256)).toBe('corrupt');
    expect(await decode(make, 'gzip', Buffer.concat([stored, Buffer.alloc(1000), stored]), 1 << 20)).toBe('corrupt');
  });

  it('notices a wrong gzip checksum', async () => {
    const stored = gzipSync(noise);
    expect(await decode(make, 'gzip', damaged(stored, stored.length - 6), 4096)).toMatch(/corrupt|truncated/);
  });

  it('goes on after the skippable frames of zstd:chunked', async () => {
    const stored = Buffer.concat([skippable, zstdCompressSync(noise), skippable, zstdCompressSync(run), skippable]);
    expect(await decode(make, 'zstd', stored, stored.length)).toBe('text');
    expect(await decode(make, 'zstd', stored, 11)).toBe('text');
  });

  it('calls an empty gzip stream truncated', async () => {
    expect(await decode(make, 'gzip', Buffer.alloc(0), 1)).toBe('truncated');
  });
});

describe('createDecoder', () => {
  it('uses the raw handle on this Node', () => {
    expect([usesRawHandle('gzip'), usesRawHandle('zstd')]).toEqual([true, true]);
  });

  it('hands stored bytes through where nothing is compressed', () => {
    const parts: Buffer[] = [];
    void createDecoder('none', (part) => parts.push(part), () => new Error()).push(noise);
    expect(parts).toEqual([noise]);
  });

  it.each(['gzip', 'zstd'] as const)('would notice a handle that behaves otherwise: %s', (compression) => {
    const dropsRest: Make = (kind, emit, fail) => {
      const inner = rawDecoder(kind, emit, fail);
      let used = false;
      return { ...inner, push(bytes) { if (!used) { used = true; void inner.push(bytes); } } };
    };
    const ignoresEnd: Make = (kind, emit, fail) => ({ ...rawDecoder(kind, emit, fail), end() {} });
    const breaks: Make = () => { throw new TypeError('handle.writeSync is not a function'); };
    expect(passesSelfTest(compression, rawDecoder)).toBe(true);
    expect([dropsRest, ignoresEnd, breaks].map((make) => passesSelfTest(compression, make))).toEqual([false, false, false]);
  });
});

// The first error closes zlib's handle and a second write to it aborts the process: only another process can show that it does not.
describe('a process that meets a damaged layer', () => {
  it.each(['gzip', 'zstd'] as const)('lives on: %s', (compression) => {
    const program = `
      import { rawDecoder } from ${JSON.stringify(new URL('./decode.ts', import.meta.url).href)};
      import { ${compression === 'gzip' ? 'gzipSync' : 'zstdCompressSync'} as compress } from 'node:zlib';
      const stored = compress(Buffer.from(Array.from({ length: 50000 }, (_, i) => (i * 2654435761) >>> 24)));
      stored[stored.length >> 1] ^= 0xff;
      for (let round = 0; round < 20; round++) {
        const decoder = rawDecoder('${compression}', () => {}, (reason) => new Error(reason));
        for (let at = 0; at < stored.length; at += 100) { try { decoder.push(stored.subarray(at, at + 100)); } catch {} }
        try { decoder.end(); } catch {}
        decoder.close();
        await new Promise((done) => setImmediate(done));
      }
      console.log('alive');`;
    const output = execFileSync(process.execPath, ['--conditions=@plimsoll/source', '--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(output.trim()).toBe('alive');
  });
});
