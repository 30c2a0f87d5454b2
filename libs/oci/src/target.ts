import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { invalid, Problem } from '@plimsoll/problem';
import { createDecoder } from './decode.ts';
import { octalOrBase256 } from './tar-fields.ts';
import { type Engine, engines } from './engines.ts';
import { sniffCompression } from './media-types.ts';
import { parseReference } from './references.ts';
import { firstBytes } from './spool.ts';

/** What a person names on the command line or in an API call, understood. `reference` picks one image of several. */
export type Target =
  | { readonly kind: 'oci-layout'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'oci-archive'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'docker-archive'; readonly path: string; readonly reference: string | undefined }
  /** A tar, compressed or not, that is one of the two: opening it tells which. */
  | { readonly kind: 'archive'; readonly path: string; readonly reference: string | undefined }
  | { readonly kind: 'registry'; readonly reference: string }
  /** An image of a container engine of this machine, by a name the engine knows. */
  | { readonly kind: 'engine'; readonly engine: Engine; readonly reference: string }
  /** A root filesystem. */
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string };

/** The targets that are images. */
export type ImageTarget = Exclude<Target, { kind: 'directory' | 'file' }>;

const withPath = { 'oci': 'oci-layout', 'oci-archive': 'oci-archive', 'docker-archive': 'docker-archive' } as const;

/**
 * Understands a target as skopeo names them: `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]` (FILE `-` is
 * standard input), `docker://REF`, also `registry:REF`. `docker:REF`, `podman:REF`, `containerd:REF` are images of an engine of this machine. `dir:DIR` is a root filesystem here, where skopeo means its own layout.
 * A bare path is recognised by looking at it; what is no path is a registry reference. Problems `target-missing`, `reference-invalid`.
 */
export async function recogniseTarget(text: string): Promise<Target> {
  const scheme = /^([a-z-]+):/.exec(text)?.[1];
  const rest = text.slice((scheme?.length ?? 0) + 1);
  if (scheme === 'oci' || scheme === 'oci-archive' || scheme === 'docker-archive') return { kind: withPath[scheme], ...splitPath(rest) };
  if (scheme === 'dir') return { kind: 'directory', path: existing(rest) };
  if (scheme === 'docker' && rest.startsWith('//')) return registry(rest.slice(2));
  if (isEngine(scheme)) return { kind: 'engine', engine: scheme, reference: engineReference(scheme, rest) };
  if (scheme === 'registry') return registry(rest.replace(/^\/\//, ''));
  if (text === '-') return { kind: 'archive', path: '-', reference: undefined };
  return await lookAt(text) ?? await lookAtPrefixes(text) ?? registryOrPath(text);
}

const registry = (reference: string): Target => {
  parseReference(reference);
  return { kind: 'registry', reference };
};

const isEngine = (scheme: string | undefined): scheme is Engine => (engines as readonly (string | undefined)[]).includes(scheme);

/** Any name an engine may know, also an image id; it becomes a part of a path and of a message. */
function engineReference(engine: Engine, text: string): string {
  if (!/^[\w][\w./:@-]{0,1023}$/.test(text) || text.split('/').includes('..')) throw invalid('reference-invalid', `${engine}:${text.slice(0, 300)}: ${JSON.stringify(text.slice(0, 300))} is not the name or id of an image`);
  return text;
}

function existing(path: string): string {
  if (path !== '-' && !existsSync(path)) throw new Problem('missing', `${path} does not exist`, { code: 'target-missing' });
  return path;
}

/** `PATH[:REF]`. A path that exists as a whole is one; otherwise the first colon ends it, as for skopeo. */
function splitPath(text: string): { path: string; reference: string | undefined } {
  const colon = text.indexOf(':');
  if (colon <= 0 || existsSync(text)) return { path: existing(text), reference: undefined };
  return { path: existing(text.slice(0, colon)), reference: text.slice(colon + 1) || undefined };
}

/** What is at a path, or undefined for nothing. */
async function lookAt(path: string): Promise<Exclude<Target, { kind: 'registry' | 'engine' }> | undefined> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (found.isDirectory()) return isLayout(path) ? { kind: 'oci-layout', path, reference: undefined } : { kind: 'directory', path };
  if (!found.isFile()) throw invalid('not-a-file', `${path} is neither a file nor a directory`);
  return await isTar(path) ? { kind: 'archive', path, reference: undefined } : { kind: 'file', path };
}

/** A layout or an archive with a REF behind it. A plain directory is none: `alpine:3.15` beside a directory `alpine` is an image. */
async function lookAtPrefixes(text: string): Promise<Target | undefined> {
  for (let colon = text.indexOf(':'); colon > 0; colon = text.indexOf(':', colon + 1)) {
    const found = await lookAt(text.slice(0, colon));
    if (found !== undefined && found.kind !== 'directory' && found.kind !== 'file') return { ...found, reference: text.slice(colon + 1) || undefined };
  }
  return undefined;
}

function registryOrPath(text: string): Target {
  // What can only be a path gets the answer for a path.
  if (/^(\.{0,2}\/|~)/.test(text)) throw new Problem('missing', `${text} does not exist`, { code: 'target-missing' });
  return registry(text);
}

const isLayout = (path: string): boolean => existsSync(join(path, 'oci-layout')) && existsSync(join(path, 'index.json'));

class Enough extends Error {}

/** Whether the first block of a file, uncompressed, is a tar header. */
async function isTar(path: string): Promise<boolean> {
  const stored = firstBytes(path, 16 * 1024);
  const compression = sniffCompression(stored);
  if (compression === 'bzip2' || compression === 'xz') return false;
  if (compression === 'none') return isTarHeader(stored);
  let head = Buffer.alloc(0);
  try {
    const decoder = createDecoder(compression, (bytes) => {
      head = Buffer.concat([head, bytes.subarray(0, 512)]);
      if (head.length >= 512) throw new Enough();
    }, (_reason, cause) => invalid('archive-corrupt', path, cause));
    try { await decoder.push(stored); } finally { decoder.close(); }
  } catch (error) {
    if (!(error instanceof Enough) && !(error instanceof Problem)) throw error;
  }
  return isTarHeader(head);
}

function isTarHeader(block: Buffer): boolean {
  if (block.length < 512) return false;
  let sum = 256;
  for (let i = 0; i < 512; i++) if (i < 148 || i > 155) sum += block[i]!;
  return octalOrBase256(block, 148, 8) === sum;
}
