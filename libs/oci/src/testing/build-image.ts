import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress, constants } from 'node:zlib';
import type { Compression } from '../decode.ts';
import { type Digest, digestOf } from '../digests.ts';
import { entriesOf, tarChunks, type TarSource } from './write-tar.ts';

export interface LayerPlan {
  /** Entries, or a finished tar, or a file that holds one. */
  readonly entries?: Iterable<TarSource>;
  readonly tar?: Buffer;
  readonly tarFile?: string;
  /** gzip by default. */
  readonly compression?: Compression;
  readonly level?: number;
  readonly createdBy?: string;
  /** What the manifest and the configuration say, where that is to be a lie. */
  readonly claims?: { readonly digest?: Digest; readonly diffId?: Digest; readonly size?: number; readonly mediaType?: string };
}

export interface ImagePlan {
  readonly layers: readonly LayerPlan[];
  /** Directory of the OCI layout to add the image to; made when missing. */
  readonly layout: string;
  /** `org.opencontainers.image.ref.name` in index.json. */
  readonly reference?: string;
  /** `linux/amd64` by default. */
  readonly platform?: string;
  /** The `config` part of the configuration: User, Env, Labels … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly created?: string;
}

export interface BuiltLayer { readonly digest: Digest; readonly diffId: Digest; readonly size: number; readonly mediaType: string }

export interface BuiltImage {
  readonly layout: string;
  readonly digest: Digest;
  readonly size: number;
  readonly configDigest: Digest;
  readonly layers: readonly BuiltLayer[];
}

/** Builds an image and adds it to an OCI layout; layers are streamed, so they may be of any size. */
export async function buildImage({ layers, layout, reference, platform = 'linux/amd64', config = {}, created = '2026-01-01T00:00:00Z' }: ImagePlan): Promise<BuiltImage> {
  const [os = 'linux', architecture = 'amd64', variant] = platform.split('/');
  const built: BuiltLayer[] = [];
  for (const layer of layers) built.push({ ...await writeLayer(layout, layer), ...layer.claims });
  const configuration = writeBlob(layout, JSON.stringify({
    architecture, os, ...(variant === undefined ? {} : { variant }), created, config,
    rootfs: { type: 'layers', diff_ids: built.map(({ diffId }) => diffId) },
    history: layers.map(({ createdBy }, i) => ({ created, created_by: createdBy ?? `COPY layer ${i}` })),
  }));
  const manifest = writeBlob(layout, JSON.stringify({
    schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configuration },
    layers: built.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }));
  const annotations = reference === undefined ? undefined : { 'org.opencontainers.image.ref.name': reference };
  addToIndex(layout, { mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) }, ...(annotations && { annotations }) });
  return { layout, ...manifest, configDigest: configuration.digest, layers: built };
}

/** Adds an index over images of the layout, as `docker buildx` makes for several platforms, and names it. */
export function addImageIndex(layout: string, reference: string, images: readonly { digest: Digest; size: number; platform?: { os: string; architecture: string; variant?: string } }[]): Digest {
  const index = writeBlob(layout, JSON.stringify({
    schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: images.map((image) => ({ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...image })),
  }));
  addToIndex(layout, { mediaType: 'application/vnd.oci.image.index.v1+json', ...index, annotations: { 'org.opencontainers.image.ref.name': reference } });
  return index.digest;
}

/** Stores a document or a small layer under its digest. */
export function writeBlob(layout: string, content: string | Buffer): { digest: Digest; size: number } {
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true });
  writeFileSync(blobFile(layout, digest), bytes);
  return { digest, size: bytes.length };
}

/** Appends a descriptor to index.json, making the layout where there is none. */
export function addToIndex(layout: string, descriptor: Record<string, unknown>): void {
  mkdirSync(layout, { recursive: true });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const path = join(layout, 'index.json');
  const manifests = existsSync(path) ? readIndex(layout) : [];
  writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests: [...manifests, descriptor] }));
}

type IndexEntry = Record<string, unknown> & { digest: Digest; size: number; mediaType: string; annotations?: Record<string, string> };

/** The descriptors of index.json. */
export const readIndex = (layout: string): IndexEntry[] => JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;

export const blobFile = (layout: string, digest: Digest): string => join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length));

async function writeLayer(layout: string, plan: LayerPlan): Promise<BuiltLayer> {
  const { compression = 'gzip', level } = plan;
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const file = join(mkdtempSync(join(blobs, '.layer-')), 'blob');
  const plain = createHash('sha256'), stored = createHash('sha256');
  await pipeline(tarOf(plan), hashing(plain), compressor(compression, level), hashing(stored), createWriteStream(file));
  const digest = `sha256:${stored.digest('hex')}`;
  const size = statSync(file).size;
  renameSync(file, blobFile(layout, digest));
  rmSync(join(file, '..'), { recursive: true });
  return { digest, diffId: `sha256:${plain.digest('hex')}`, size, mediaType: `application/vnd.oci.image.layer.v1.tar${compression === 'none' ? '' : `+${compression}`}` };
}

function tarOf({ entries = [], tar, tarFile }: LayerPlan): Readable {
  if (tarFile !== undefined) return createReadStream(tarFile, { highWaterMark: 256 * 1024 });
  return tar === undefined ? Readable.from(tarChunks(entries), { objectMode: false }) : Readable.from([tar]);
}

const hashing = (hash: ReturnType<typeof createHash>): Transform =>
  new Transform({ transform(chunk: Buffer, _encoding, done) { hash.update(chunk); done(null, chunk); } });

function compressor(compression: Compression, level?: number): Transform {
  if (compression === 'gzip') return createGzip({ chunkSize: 256 * 1024, ...(level === undefined ? {} : { level }) });
  if (compression === 'zstd') return createZstdCompress({ chunkSize: 256 * 1024, ...(level === undefined ? {} : { params: { [constants.ZSTD_c_compressionLevel]: level } }) });
  return new PassThrough();
}

/** Packs a layout into one tar, an OCI archive. */
export async function packOciArchive(layout: string, file: string): Promise<void> {
  await pipeline(Readable.from(tarChunks(entriesOf(layout, '')), { objectMode: false }), createWriteStream(file));
}

/** Packs the images of a layout as `docker save` does: uncompressed layers and a manifest.json. */
export async function packDockerArchive(layout: string, file: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'docker-archive-'));
  try {
    const entries: TarSource[] = [], saved = [];
    for (const { digest, annotations } of readIndex(layout)) {
      const manifest = JSON.parse(readFileSync(blobFile(layout, digest), 'utf8')) as { config: { digest: Digest }; layers: { digest: Digest; mediaType: string }[] };
      const names: string[] = [];
      for (const layer of manifest.layers) {
        const name = layer.digest.slice('sha256:'.length);
        names.push(`${name}/layer.tar`);
        if (entries.some(({ path }) => path === `${name}/layer.tar`)) continue;
        await pipeline(createReadStream(blobFile(layout, layer.digest)), decompressor(layer.mediaType), createWriteStream(join(scratch, name)));
        entries.push({ path: `${name}/layer.tar`, from: join(scratch, name) });
      }
      const config = `${manifest.config.digest.slice('sha256:'.length)}.json`;
      entries.push({ path: config, content: readFileSync(blobFile(layout, manifest.config.digest)) });
      const tag = annotations?.['org.opencontainers.image.ref.name'];
      saved.push({ Config: config, RepoTags: tag === undefined ? [] : [tag], Layers: names });
    }
    entries.push({ path: 'manifest.json', content: JSON.stringify(saved) });
    await pipeline(Readable.from(tarChunks(entries), { objectMode: false }), createWriteStream(file));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const decompressor = (mediaType: string): Transform =>
  (mediaType.endsWith('gzip') ? createGunzip() : mediaType.endsWith('zstd') ? createZstdDecompress() : new PassThrough());
