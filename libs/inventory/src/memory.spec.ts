import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { FileLayerInput } from '@plimsoll/oci';
import { tarHeader } from '@plimsoll/oci/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogers } from './catalogers.ts';
import { catalogerKey } from './cataloger.ts';
import { inlineBuildInfo, writeElf } from './testing/write-elf.ts';
import { writeZip } from './testing/write-zip.ts';

const MiB = 1024 * 1024;
let scratch: string;
beforeAll(() => { scratch = mkdtempSync(join(tmpdir(), 'memory-')); });
afterAll(() => { rmSync(scratch, { recursive: true }); });

/** Bytes that compress about sixteen times: no reader lets zeros through. */
function filling(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'x');
  for (let at = 0; at < size; at += 64 * 1024) randomBytes(4096).copy(bytes, at);
  return bytes;
}

const compressors = { gzip: (bytes: Buffer) => gzipSync(bytes), zstd: (bytes: Buffer) => zstdCompressSync(bytes) } as const;

/**
 * A layer of programs of 16 MB and jars of 4 MB, of any size in no time: the bodies are compressed once, and a compressed stream
 * may be made of many.
 */
function aLayer(compression: keyof typeof compressors, megabytes: number): FileLayerInput {
  const compress = compressors[compression], path = join(scratch, `${compression}-${megabytes}`), file = openSync(path, 'w');
  const program = Buffer.concat([writeElf([{ name: '.data', address: 0x800000, writable: true, bytes: inlineBuildInfo('go1.20.1', 'dep\texample.org/a\tv1.0.0\n') }]), filling(16 * MiB)]);
  const jar = writeZip([{ name: 'META-INF/maven/g/a/pom.properties', content: 'groupId=g\nartifactId=a\nversion=1\n' }, { name: 'classes', content: filling(4 * MiB), stored: true }]);
  const kinds = [{ name: 'bin/program', mode: 0o755, bytes: program }, { name: 'srv/archive.jar', mode: 0o644, bytes: jar }].map(({ bytes, ...rest }) =>
    ({ ...rest, size: bytes.length, body: compress(Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])) }));
  for (let i = 0; i * 20 < megabytes; i++) {
    for (const { name, mode, size, body } of kinds) {
      writeSync(file, compress(tarHeader({ path: `${i}/${name}`, flag: '0', mode, size })));
      writeSync(file, body);
    }
  }
  writeSync(file, compress(Buffer.alloc(1024)));
  closeSync(file);
  return { kind: 'file', path, offset: 0, size: statSync(path).size, digest: undefined, diffId: undefined, mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}` };
}

/** Reads layers in two threads of a process of its own; answers its peak memory in MB and how many files something was found in. */
function peak(inputs: readonly FileLayerInput[]): { peak: number; found: number } {
  const program = `
    import { LayerPool } from ${JSON.stringify(new URL('./layer-pool.ts', import.meta.url).href)};
    const pool = new LayerPool(2), { inputs, keys } = JSON.parse(process.argv[1]);
    const analyses = await Promise.all(inputs.map((input) => pool.analyze({ input, keys })));
    const found = analyses.flatMap(({ results }) => Object.values(results).flatMap(Object.values)).filter(({ packages }) => packages.length > 0).length;
    console.log(JSON.stringify({ peak: process.resourceUsage().maxRSS / 1024, found }));
    await pool.close();`;
  const job = JSON.stringify({ inputs, keys: catalogers.map(catalogerKey) });
  return JSON.parse(execFileSync(process.execPath, ['--conditions=@plimsoll/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program, job], { encoding: 'utf8' }));
}

describe('the memory a process takes to read layers', () => {
  it.each(['gzip', 'zstd'] as const)('is the same for an image of 100 MB and of 2 GB in %s', { timeout: 120_000 }, (compression) => {
    const small = peak([aLayer(compression, 60), aLayer(compression, 40)]), large = peak([aLayer(compression, 1040), aLayer(compression, 1000)]);
    expect({ small: small.found, large: large.found }).toEqual({ small: 10, large: 204 });
    // Less than one of the programs.
    expect(large.peak - small.peak).toBeLessThan(16);
  });
});
