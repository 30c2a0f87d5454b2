import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import { seal } from './envelope.ts';
import { statementOf, type BundleManifest, type BundleSource } from './manifest.ts';
import { tarEnd, tarHeader, tarPadding, tarSizeAtMost } from './tar-header.ts';

/** A source of a bundle, and its lines in the order of their keys; none when nothing changed. */
export interface BundleMember { readonly about: Omit<BundleSource, 'file'>; readonly lines?: AsyncIterable<string> }

/** The name of the signed manifest inside. */
export const envelopeName = 'bundle.dsse.json';

/**
 * Writes a bundle: a tar of the signed manifest and, for each source, a zstd file of JSON lines. Equal content makes equal
 * bytes but for the time it was made. Memory is a few chunks. The file appears at `path` whole or not at all.
 */
export async function writeBundle(path: string, about: Omit<BundleManifest, 'sources'>, members: AsyncIterable<BundleMember>, key: KeyObject): Promise<BundleManifest> {
  const body = `${path}.${process.pid}.body`, draft = `${path}.${process.pid}.draft`;
  try {
    const sources: BundleSource[] = [];
    const file = createWriteStream(body, { mode: 0o600 });
    for await (const { about: source, lines } of members) sources.push(lines ? { ...source, file: await writeMember(body, file, source.source, lines) } : source);
    await new Promise<void>((resolve, reject) => { file.on('error', reject); file.end(resolve); });
    const manifest: BundleManifest = { ...about, sources };
    const envelope = seal(statementOf(manifest), key);
    // The members lie in the body with their headers already; only the manifest is known last and stands first.
    await pipeline(async function* () {
      yield tarHeader(envelopeName, envelope.length);
      yield envelope;
      yield tarPadding(envelope.length);
      yield* createReadStream(body, { highWaterMark: 1 << 20 });
      yield tarEnd;
    }, createWriteStream(draft, { mode: 0o644 }));
    await rename(draft, path);
    return manifest;
  } finally {
    await rm(body, { force: true });
    await rm(draft, { force: true });
  }
}

/** Appends one member; its header needs its size, so it is packed into a file of its own first. */
async function writeMember(body: string, into: NodeJS.WritableStream, source: string, lines: AsyncIterable<string>): Promise<NonNullable<BundleSource['file']>> {
  const packed = `${body}.member`, name = `records/${source}.ndjson.zst`, sum = createHash('sha256');
  let size = 0, count = 0;
  const counted = async function* () { for await (const line of lines) { count++; yield `${line}\n`; } };
  const measure = new Transform({ transform(chunk: Buffer, _encoding, done) { size += chunk.length; sum.update(chunk); done(null, chunk); } });
  try {
    await pipeline(Readable.from(inChunks(counted()), { objectMode: false }), createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 } }), measure, createWriteStream(packed, { mode: 0o600 }));
    if (size > tarSizeAtMost) throw invalid('bundle-too-large', `${name} has ${size} bytes packed`);
    const put = (bytes: Buffer): Promise<void> => new Promise((resolve, reject) => { into.write(bytes, (error) => error ? reject(error) : resolve()); });
    await put(tarHeader(name, size));
    const file = await open(packed);
    try {
      for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) await put(chunk as Buffer);
    } finally {
      await file.close();
    }
    await put(tarPadding(size));
    return { name, sha256: sum.digest('hex'), size, lines: count };
  } finally {
    await rm(packed, { force: true });
  }
}

async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let text = '';
  for await (const line of lines) {
    text += line;
    if (text.length > 256 * 1024) { yield Buffer.from(text); text = ''; }
  }
  if (text !== '') yield Buffer.from(text);
}
