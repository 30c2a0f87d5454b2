import { closeSync, openSync, readSync } from 'node:fs';
import { invalid, Problem } from '@plimsoll/problem';
import type { Archive } from './archive.ts';
import { digestOf } from './digests.ts';
import { buildSteps, object, optionalString, parseConfig, platformOf, strings } from './documents.ts';
import type { FileSlice } from './file-slice.ts';
import type { ImageLimits } from './limits.ts';
import { dockerLayerType, sniffCompression } from './media-types.ts';
import type { ImageSource } from './open-image.ts';
import { isForPlatform } from './platforms.ts';
import { formatReference, parseReference } from './references.ts';

interface SavedImage { readonly config: string; readonly tags: readonly string[]; readonly layers: readonly string[] }

/**
 * An image in a file of `docker save` (moby image/tarexport, `manifest.json`). It has no manifest digest; its layers are promised by
 * their diffIds. `reference` is one of its tags or `@N`, the number of the image.
 */
export function dockerArchiveImage(archive: Archive, path: string, reference: string | undefined, { platform: wanted, limits }: { platform: string | undefined; limits: ImageLimits }): ImageSource {
  const where = path === '-' ? 'standard input' : path;
  const saved = choose(savedImages(archive.read('manifest.json'), `${where}: manifest.json`), reference, where);
  if (saved.layers.length > limits.layers) throw invalid('limit-layers', `${where}: ${saved.layers.length} layers; the limit is ${limits.layers}`);
  const configBytes = archive.read(saved.config);
  const config = parseConfig(configBytes, `${where}: ${saved.config}`);
  if (config.diffIds.length !== saved.layers.length) throw invalid('document-invalid', `${where}: manifest.json lists ${saved.layers.length} layers, the configuration ${config.diffIds.length}`);
  const platform = platformOf(config);
  if (wanted !== undefined && !isForPlatform(wanted, platform)) throw new Problem('missing', `${where}: an image for ${platform}, not for ${wanted}`, { code: 'platform-missing' });
  const places = saved.layers.map((name) => {
    const found = archive.find(name);
    if (found === undefined) throw invalid('archive-member-missing', `${where}: no member ${JSON.stringify(name)}`);
    return found;
  });
  const steps = buildSteps(config, places.length);
  const layers = places.map((place, i) => ({ digest: config.diffIds[i]!, diffId: config.diffIds[i]!, size: place.size, mediaType: layerType(place), createdBy: steps[i] }));
  return {
    reference: saved.tags[0] === undefined ? where : `${where}:${saved.tags[0]}`,
    digest: undefined, configDigest: digestOf(configBytes), config, platform, annotations: {}, fromRegistry: false, layers,
    layerInput: (index) => {
      const { diffId, mediaType } = layers[index]!;
      return { kind: 'file', digest: undefined, diffId, mediaType, ...places[index]! };
    },
    async close() {},
  };
}

function savedImages(bytes: Buffer, where: string): SavedImage[] {
  let images: unknown;
  try { images = JSON.parse(bytes.toString('utf8')); } catch (error) { throw invalid('document-invalid', `${where}: not JSON`, error); }
  if (!Array.isArray(images)) throw invalid('document-invalid', `${where}: expected a list`);
  return images.map((entry: unknown, i) => {
    const at = `${where}: [${i}]`;
    const image = object(entry, at);
    const config = optionalString(image, 'Config', at);
    if (config === undefined) throw invalid('document-invalid', `${at}.Config: expected a name`);
    return { config, tags: strings(image, 'RepoTags', at), layers: strings(image, 'Layers', at) };
  });
}

function choose(images: readonly SavedImage[], reference: string | undefined, where: string): SavedImage {
  const choices = images.map(({ tags }, i) => tags[0] ?? `@${i}`);
  const errors = choices.map((what) => ({ where: 'reference', what }));
  if (reference === undefined) {
    if (images.length === 1) return images[0]!;
    if (images.length === 0) throw new Problem('missing', `${where}: holds no image`, { code: 'reference-missing' });
    throw new Problem('invalid', `${where}: holds ${images.length} images; name one of ${choices.join(', ')}`, { code: 'reference-needed', errors });
  }
  const index = /^@(\d{1,6})$/.exec(reference)?.[1];
  const found = index === undefined ? images.find(({ tags }) => tags.some((tag) => isSameName(tag, reference))) : images[Number(index)];
  if (found === undefined) throw new Problem('missing', `${where}: no image ${JSON.stringify(reference)}; there are ${choices.join(', ')}`, { code: 'reference-missing', errors });
  return found;
}

function isSameName(tag: string, reference: string): boolean {
  if (tag === reference) return true;
  try { return formatReference(parseReference(tag)) === formatReference(parseReference(reference)); } catch { return false; }
}

/** docker save writes plain tars; other tools write compressed ones into the same form. */
function layerType({ path, offset, size }: FileSlice): string {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(6);
    const compression = sniffCompression(head.subarray(0, readSync(file, head, 0, Math.min(6, size), offset)));
    return compression === 'bzip2' || compression === 'xz' ? `application/x-${compression}` : dockerLayerType(compression);
  } finally {
    closeSync(file);
  }
}
