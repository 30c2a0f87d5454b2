import { statSync } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '@plimsoll/problem';
import { type Archive, readWhole } from './archive.ts';
import type { Containerd, ContainerdAccess } from './containerd.ts';
import { type Digest, digestOf } from './digests.ts';
import type { FileSlice } from './file-slice.ts';
import type { ImageLimits } from './limits.ts';
import type { LayerInput } from './read-layer.ts';
import type { Registry, RegistryAccess } from './registry.ts';

interface Content { readonly digest: Digest; readonly size: number }
interface LayerContent extends Content { readonly diffId: Digest; readonly mediaType: string }

/** Where the parts of an image are kept. Documents come verified against digest and size; layers are verified when they are read. */
export interface ImageStore {
  manifest(content: Content, where: string): Promise<Buffer>;
  config(content: Content, where: string): Promise<Buffer>;
  layer(content: LayerContent): LayerInput;
  /** The entry point of a layout; a registry has none. */
  indexJson?(): Buffer;
}

/** An OCI image layout in a directory (image-spec, image-layout.md). */
export function layoutStore(directory: string, limits: Pick<ImageLimits, 'documentBytes'>): ImageStore {
  const place = (path: string, what: string): FileSlice => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile()) throw invalid('layout-incomplete', `${directory}: no ${what}`);
    return { path, offset: 0, size: found.size };
  };
  return fileStore(directory, limits, (digest) => place(blobPath(directory, digest), `blob ${digest}`), () => place(join(directory, 'index.json'), 'index.json'));
}

const blobPath = (directory: string, digest: Digest): string => join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));

/** An OCI image layout inside a tar. */
export function archiveStore(archive: Archive, limits: Pick<ImageLimits, 'documentBytes'>): ImageStore {
  const place = (name: string): FileSlice => {
    const found = archive.find(name);
    if (found === undefined) throw invalid('layout-incomplete', `${archive.path}: no member ${name}`);
    return found;
  };
  return fileStore(archive.path, limits, (digest) => place(`blobs/sha256/${digest.slice('sha256:'.length)}`), () => place('index.json'));
}

function fileStore(name: string, { documentBytes }: Pick<ImageLimits, 'documentBytes'>, blob: (digest: Digest) => FileSlice, index: () => FileSlice): ImageStore {
  const document = async (content: Content, where: string): Promise<Buffer> =>
    verified(readWhole(checkSize(blob(content.digest), content, where), documentBytes, `${where}: blob ${content.digest}`), content, where);
  return {
    manifest: document,
    config: document,
    // A size that is not the manifest's is found when the layer is read; the slice ends where the blob does.
    layer: (content) => {
      const { path, offset, size } = blob(content.digest);
      if (size !== content.size) throw invalid('size-mismatch', `layer ${content.digest}: ${size} bytes; the manifest says ${content.size}`);
      return { kind: 'file', ...content, path, offset };
    },
    indexJson: () => readWhole(index(), documentBytes, `${name}: index.json`),
  };
}

/** A repository of a registry. */
export function registryStore(registry: Registry, access: RegistryAccess, { documentBytes }: Pick<ImageLimits, 'documentBytes'>, signal: AbortSignal | undefined): ImageStore {
  return {
    manifest: async (content, where) => verified((await registry.manifest(content.digest, signal)).bytes, content, where),
    config: async (content, where) => {
      if (content.size > documentBytes) throw invalid('limit-document-bytes', `${where}: configuration of ${content.size} bytes; the limit is ${documentBytes}`);
      return verified(await registry.document(content.digest, content.size, signal), content, where);
    },
    layer: (content) => ({ kind: 'registry', ...content, access }),
  };
}

/** The content store of a containerd. */
export function containerdStore(containerd: Containerd, access: ContainerdAccess, { documentBytes }: Pick<ImageLimits, 'documentBytes'>, signal: AbortSignal | undefined): ImageStore {
  const document = async (content: Content, where: string): Promise<Buffer> => {
    if (content.size > documentBytes) throw invalid('limit-document-bytes', `${where}: document of ${content.size} bytes; the limit is ${documentBytes}`);
    const parts: Buffer[] = [];
    for await (const part of containerd.blob(content.digest, content.size, signal)) parts.push(part);
    return verified(Buffer.concat(parts), content, where);
  };
  return { manifest: document, config: document, layer: (content) => ({ kind: 'containerd', ...content, access }) };
}

function checkSize(slice: FileSlice, { digest, size }: Content, where: string): FileSlice {
  if (slice.size !== size) throw invalid('size-mismatch', `${where}: blob ${digest} has ${slice.size} bytes; its descriptor says ${size}`);
  return slice;
}

function verified(bytes: Buffer, { digest, size }: Content, where: string): Buffer {
  if (bytes.length !== size) throw invalid('size-mismatch', `${where}: blob ${digest} has ${bytes.length} bytes; its descriptor says ${size}`);
  const found = digestOf(bytes);
  if (found !== digest) throw invalid('digest-mismatch', `${where}: blob ${digest} has the digest ${found}`);
  return bytes;
}
