import { invalid, Problem } from '@plimsoll/problem';
import { type Archive, openArchive } from './archive.ts';
import { Containerd, containerdAccess } from './containerd.ts';
import { archiveStore, containerdStore, type ImageStore, layoutStore, registryStore } from './image-store.ts';
import type { Digest } from './digests.ts';
import { buildSteps, descriptor, type Descriptor, type ImageConfig, list, parseConfig, parseImageDocument, parseJson, platformOf } from './documents.ts';
import { dockerArchiveImage } from './docker-archive.ts';
import { defaultImageLimits, type ImageLimits } from './limits.ts';
import { registryAccess, type RegistryOptions } from './open-registry.ts';
import { exportImage } from './engine-export.ts';
import { choosePlatform, isForPlatform } from './platforms.ts';
import type { LayerInput } from './read-layer.ts';
import { formatReference, parseReference } from './references.ts';
import { Registry } from './registry.ts';
import { plainFile, type PlainFile, spool } from './spool.ts';
import type { ImageTarget } from './target.ts';

export interface LayerDescriptor {
  /** Digest of the stored layer; in a docker-archive the diffId, because nothing else is known before reading. */
  readonly digest: Digest;
  /** What the configuration claims; only a LayerReading's diffId is verified. Never use it as a key: an image may claim another's. */
  readonly diffId: Digest;
  readonly size: number;
  readonly mediaType: string;
  /** The build step that made it, from the configuration's history. */
  readonly createdBy: string | undefined;
}

/** An opened image: its documents are read and verified, its layers are not yet. Close it to remove scratch files. */
export interface ImageSource {
  /** Complete, without credentials: `docker.io/library/alpine:3.15`, or a path and the image's name in it. */
  readonly reference: string;
  /** Digest of the image manifest; undefined for a docker-archive, which has none. */
  readonly digest: Digest | undefined;
  /** Digest of the configuration: Docker's image id. */
  readonly configDigest: Digest;
  readonly config: ImageConfig;
  /** `os/arch` or `os/arch/variant`. */
  readonly platform: string;
  /** What the manifest says of itself; claims, nobody checked them. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether the reference names it in a registry. */
  readonly fromRegistry: boolean;
  readonly layers: readonly LayerDescriptor[];
  /** How to read a layer, here or in a worker. */
  layerInput(index: number): LayerInput;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `os/arch[/variant]`; without it the host's when present, else the only one there is. */
  readonly platform?: string;
  readonly limits?: Partial<ImageLimits>;
  /** Directory for uncompressed copies of compressed archives; the system's temporary directory by default. */
  readonly scratch?: string;
  readonly registry?: RegistryOptions;
  readonly signal?: AbortSignal;
}

interface Opening {
  readonly platform: string | undefined;
  readonly limits: ImageLimits;
}

/**
 * Opens an image wherever it is. Rejects with a Problem; `reference-needed` and `platform-needed` list the choices in `detail` and in
 * `errors`. Others: `not-an-image`, `reference-missing`, `platform-missing`, `digest-mismatch`, `size-mismatch`, `document-invalid`,
 * `layer-foreign`, `layer-unsupported`, `limit-*`, `archive-*` and those of Registry.
 */
export async function openImage(target: ImageTarget, options: OpenOptions = {}): Promise<ImageSource> {
  const opening: Opening = { platform: options.platform, limits: { ...defaultImageLimits, ...options.limits } };
  switch (target.kind) {
    case 'registry': return openFromRegistry(target.reference, opening, options);
    case 'oci-layout': return openLayout(layoutStore(target.path, opening.limits), target.path, target.reference, opening);
    case 'engine': return target.engine === 'containerd' ? openFromContainerd(target.reference, opening, options) : openFromEngine(target.engine, target.reference, opening, options);
    default: return openFromArchive(await plainFile(target.path, { scratch: options.scratch, limits: opening.limits, signal: options.signal }), target, opening);
  }
}

/** The platforms a target has images for, as `os/arch[/variant]`: those of an index, or the one of a single image. Problems as `openImage`. */
export async function platformsOf(target: ImageTarget, options: OpenOptions = {}): Promise<readonly string[]> {
  try {
    const image = await openImage(target, { ...options, platform: nowhere });
    await image.close();
  } catch (error) {
    // Asked for a platform that none is for, an index tells which there are, and a single image refuses.
    if (!(error instanceof Problem) || error.code !== 'platform-missing') throw error;
    const listed = (error.errors ?? []).filter(({ where, what }) => where === 'platform' && /^[\w.-]+(\/[\w.-]+){1,2}$/.test(what)).map(({ what }) => what);
    if (listed.length > 0) return [...new Set(listed)];
  }
  const image = await openImage(target, options);
  await image.close();
  return [image.platform];
}

const nowhere = 'none/none';

async function openFromRegistry(text: string, opening: Opening, { registry: registryOptions, signal }: OpenOptions): Promise<ImageSource> {
  const reference = parseReference(text);
  const access = await registryAccess(reference, registryOptions, signal);
  const registry = new Registry(access);
  try {
    const where = formatReference(reference);
    const store = registryStore(registry, access, opening.limits, signal);
    const found = await registry.manifest(reference.digest ?? reference.tag ?? 'latest', signal);
    return { ...await openDocument(store, found.bytes, { mediaType: found.mediaType, digest: found.digest }, where, opening, 0), fromRegistry: true };
  } finally {
    registry.close();
  }
}

/** Docker and Podman give their images as an archive; it is put beside until it is read. */
async function openFromEngine(engine: 'docker' | 'podman', reference: string, opening: Opening, { scratch, signal }: OpenOptions): Promise<ImageSource> {
  const name = `${engine}:${reference}`;
  const file = await spool(await exportImage(engine, reference, signal), name, { scratch, limits: opening.limits, signal });
  // One image was asked for, so one is in it, whatever it is called there: an id, a digest or a short name.
  return { ...await openFromArchive(file, { kind: 'archive', path: name, reference: undefined }, opening), reference: name };
}

async function openFromContainerd(reference: string, opening: Opening, { signal }: OpenOptions): Promise<ImageSource> {
  const access = containerdAccess(), where = `containerd:${reference}`;
  const containerd = new Containerd(access);
  try {
    const found = await containerd.image(reference, signal) ?? await containerd.image(completeName(reference), signal);
    if (found === undefined) throw new Problem('missing', `containerd has no image ${JSON.stringify(reference)} in namespace ${access.namespace}; CONTAINERD_NAMESPACE names another (Kubernetes uses k8s.io, Docker moby)`, { code: 'image-missing' });
    const store = containerdStore(containerd, access, opening.limits, signal);
    return await openDocument(store, await store.manifest(found, where), found, where, opening, 0);
  } finally {
    containerd.close();
  }
}

/** `alpine` is `docker.io/library/alpine:latest`; what is no reference stays what it is. */
function completeName(text: string): string {
  try { return formatReference(parseReference(text)); } catch { return text; }
}

async function openFromArchive(file: PlainFile, target: Extract<ImageTarget, { path: string }>, opening: Opening): Promise<ImageSource> {
  try {
    const archive = openArchive(file.path, opening.limits);
    const image = await openArchiveImage(archive, target, opening);
    return { ...image, close: () => file.remove() };
  } catch (error) {
    await file.remove();
    throw error;
  }
}

/** Newer `docker save` writes both forms into one file; the OCI one says more, the other may be asked for by name. */
async function openArchiveImage(archive: Archive, { kind, path, reference }: Extract<ImageTarget, { path: string }>, opening: Opening): Promise<ImageSource> {
  const isOci = archive.find('index.json') !== undefined && archive.find('oci-layout') !== undefined;
  const isDocker = archive.find('manifest.json') !== undefined;
  if (isOci && kind !== 'docker-archive') return openLayout(archiveStore(archive, opening.limits), path, reference, opening);
  if (isDocker && kind !== 'oci-archive') return dockerArchiveImage(archive, path, reference, opening);
  throw invalid('not-an-image', `${path}: ${kind === 'archive' ? 'a tar, but neither an OCI archive (oci-layout, index.json) nor one of docker save (manifest.json)' : `not an ${kind}`}`);
}

async function openLayout(store: ImageStore, path: string, reference: string | undefined, opening: Opening): Promise<ImageSource> {
  const where = path === '-' ? 'standard input' : path;
  const index = parseJson(store.indexJson!(), `${where}: index.json`);
  const manifests = list(index, 'manifests', `${where}: index.json`).map((entry, i) => descriptor(entry, `${where}: index.json: manifests[${i}]`));
  const chosen = chooseReference(manifests, reference, where, opening);
  const name = namesOf(chosen)[0];
  return openDescriptor(store, chosen, name === undefined ? where : `${where}:${name}`, opening, 0);
}

/** The image of that name or digest; without a reference the only one, or the platform's when all share one name. */
function chooseReference(manifests: readonly Descriptor[], reference: string | undefined, where: string, opening: Opening): Descriptor {
  const wanted = reference?.replace(/^@/, '');
  const fitting = wanted === undefined ? manifests : manifests.filter((manifest) => manifest.digest === wanted || namesOf(manifest).includes(wanted));
  const choices = [...new Set(manifests.map((manifest) => namesOf(manifest)[0] ?? manifest.digest))];
  const errors = choices.map((what) => ({ where: 'reference', what }));
  if (fitting.length === 0) throw new Problem('missing', wanted === undefined ? `${where}: holds no image` : `${where}: no image ${JSON.stringify(wanted)}; there are ${choices.join(', ')}`, { code: 'reference-missing', errors });
  const different = new Set(fitting.map((manifest) => namesOf(manifest)[0]));
  if (fitting.length === 1) return fitting[0]!;
  if (different.size === 1 && fitting.some(({ platform }) => platform !== undefined)) return choosePlatform(fitting, opening.platform, where);
  throw new Problem('invalid', `${where}: holds ${choices.length} images; name one of ${choices.join(', ')}`, { code: 'reference-needed', errors });
}

/** OCI image-spec annotations.md; containerd writes the complete name too. */
const namesOf = ({ annotations }: Descriptor): string[] =>
  [annotations['org.opencontainers.image.ref.name'], annotations['io.containerd.image.name']].filter((name) => name !== undefined && name !== '') as string[];

async function openDescriptor(store: ImageStore, found: Descriptor, where: string, opening: Opening, depth: number): Promise<ImageSource> {
  return openDocument(store, await store.manifest(found, where), found, where, opening, depth);
}

async function openDocument(store: ImageStore, bytes: Buffer, { digest, mediaType }: { digest: Digest; mediaType: string | undefined }, where: string, opening: Opening, depth: number): Promise<ImageSource> {
  const document = parseImageDocument(bytes, mediaType || undefined, `${where}: manifest ${digest}`, opening.limits);
  if (document.kind === 'index') {
    if (depth >= opening.limits.indexDepth) throw invalid('limit-index-depth', `${where}: indexes inside indexes, more than ${opening.limits.indexDepth} deep`);
    return openDescriptor(store, choosePlatform(document.manifests, opening.platform, where), where, opening, depth + 1);
  }
  const config = parseConfig(await store.config(document.config, where), `${where}: configuration ${document.config.digest}`);
  const platform = platformOf(config);
  if (opening.platform !== undefined && !isForPlatform(opening.platform, platform)) throw new Problem('missing', `${where}: an image for ${platform}, not for ${opening.platform}`, { code: 'platform-missing' });
  const layers = describeLayers(document.layers, config, where);
  return {
    reference: where, digest, configDigest: document.config.digest, config, platform, annotations: document.annotations, fromRegistry: false, layers,
    layerInput: (index) => {
      const { digest, diffId, mediaType, size } = layers[index]!;
      return store.layer({ digest, diffId, mediaType, size });
    },
    async close() {},
  };
}

function describeLayers(found: readonly Descriptor[], config: ImageConfig, where: string): LayerDescriptor[] {
  if (found.length !== config.diffIds.length) throw invalid('document-invalid', `${where}: the manifest lists ${found.length} layers, the configuration ${config.diffIds.length}`);
  const steps = buildSteps(config, found.length);
  return found.map(({ digest, size, mediaType }, i) => ({ digest, size, mediaType, diffId: config.diffIds[i]!, createdBy: steps[i] }));
}
