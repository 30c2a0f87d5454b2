import { survivingPaths } from '@plimsoll/oci';
import type { LayerPart } from './coalesce.ts';
import type { FileOfImage } from './model.ts';
import { unpackPaths } from './packed-paths.ts';

/** Everything but directories that is left in the finished image, by path, each with the layer it comes from. */
export function filesOf(layers: readonly LayerPart[]): FileOfImage[] {
  const read = layers.flatMap(({ layer, analysis }) => (analysis ? [{ digest: layer.digest, changes: { whiteouts: analysis.whiteouts, opaque: analysis.opaque, paths: unpackPaths(analysis.paths) } }] : []));
  const survivors = survivingPaths(read.map(({ changes }) => changes), read.map(({ changes: { paths } }) => [...paths].flatMap(({ path, directory }) => (directory ? [] : [path]))));
  return survivors.flatMap((paths, i) => [...paths].map((path) => ({ path, layer: read[i]!.digest }))).sort(byPath);
}

export const byPath = (a: FileOfImage, b: FileOfImage): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
