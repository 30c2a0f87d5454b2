import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { blobFile, readIndex } from '@plimsoll/oci/testing';
import { available, type Candidate, interleave, type Measured, table } from './interleaved.ts';
import { largeImage, type LargeImage } from './large-image.ts';

/** Reading every layer of a large image: hash, inflate, hash, walk, keep the files a scanner wants. Beside it the same bytes through native programs. */
export async function readLayers({ root, rounds, cache }: { root: string; rounds: number; cache: string }): Promise<{ text: string; json: object }> {
  const image = await largeImage(join(cache, 'large-image'), join(root, 'node_modules'));
  const reader = compiledReader(root, cache);
  const { here, absent } = available(candidates(image, reader));
  checkSame([image.gzip, image.zstd, image.dockerArchive].map((path) => JSON.parse(execFileSync(process.execPath, [reader, path], { encoding: 'utf8' })) as Counts));
  const measured = await interleave(here, rounds, cache);
  return { text: report(image, measured, absent), json: { bench: 'read-layers', node: process.version, bytes: image.bytes, rounds, measured, absent } };
}

/** One line is one peer; the first is what the others are compared with. */
function candidates(image: LargeImage, reader: string): Candidate[] {
  const plimsoll = `${process.execPath} ${reader}`;
  return [
    { label: 'igzip | openssl, 2 at a time (gzip)', command: native('igzip -dc', image.gzip), needs: ['igzip', 'openssl'] },
    { label: 'gzip | openssl, 2 at a time (gzip)', command: native('gzip -dc', image.gzip), needs: ['gzip', 'openssl'] },
    { label: 'plimsoll (gzip)', command: `${plimsoll} ${image.gzip}` },
    { label: 'plimsoll, one thread (gzip)', command: `${plimsoll} ${image.gzip} --workers 1` },
    { label: 'zstd | openssl, 2 at a time (zstd)', command: native('zstd -dcq', image.zstd), needs: ['zstd', 'openssl'] },
    { label: 'plimsoll (zstd)', command: `${plimsoll} ${image.zstd}` },
    { label: 'plimsoll, docker-archive verified', command: `${plimsoll} ${image.dockerArchive}` },
    { label: 'plimsoll, docker-archive headers alone', command: `${plimsoll} ${image.dockerArchive} --walk --workers 1` },
  ];
}

/** Both digests of every layer and nothing else, largest first, two layers at a time. */
function native(decompress: string, layout: string): string {
  const [entry] = readIndex(layout);
  const { layers } = JSON.parse(readFileSync(blobFile(layout, entry!.digest), 'utf8')) as { layers: { digest: string; size: number }[] };
  const files = layers.sort((a, b) => b.size - a.size).map(({ digest }) => blobFile(layout, digest)).join('\\n');
  return `printf '${files}\\n' | xargs -P 2 -I@ sh -c '${decompress} < @ | openssl dgst -sha256 & openssl dgst -sha256 < @; wait'`;
}

interface Counts { readonly layers: number; readonly entries: number; readonly files: number; readonly bytes: number; readonly problems: number }

/** A ratio of two programs that do not find the same means nothing. */
function checkSame(counts: readonly Counts[]): void {
  const [first] = counts;
  for (const { layers, entries, files, problems } of counts) {
    if (layers !== first!.layers || entries !== first!.entries || files !== first!.files || problems > 0) throw new Error(`the three forms of the image are read differently: ${JSON.stringify(counts)}`);
  }
}

/** The measured program as it ships: on the built library, without a step of stripping types. */
function compiledReader(root: string, cache: string): string {
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-b', join(root, 'libs', 'oci')], { stdio: 'inherit' });
  mkdirSync(cache, { recursive: true });
  const path = join(cache, 'read-image.mjs');
  writeFileSync(path, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'read-image.ts'), 'utf8')));
  return path;
}

function report({ bytes }: LargeImage, measured: readonly Measured[], absent: readonly string[]): string {
  return [`Reading the layers of a large image (4 layers, ${(bytes / 1e6).toFixed(0)} MB of files; blob digest, diffID and size verified)`, table(measured), ...absent.map((label) => `left out: ${label}`)].join('\n');
}
