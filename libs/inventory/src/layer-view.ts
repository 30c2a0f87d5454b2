import type { PathList } from '@plimsoll/oci';

/** What a layer does to the layers below it. */
export interface LayerChanges {
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
  readonly paths: PathList;
}

/**
 * Which paths of interest are visible after each layer, and from which layer they come (OCI image-spec, layer.md).
 * Layers are laid one by one because a package belongs to the layer since which it has stayed, not only to the last one.
 */
export class LayerView {
  /** Visible path of interest → index of the layer that holds it. */
  readonly visible = new Map<string, number>();
  /** Every path of interest and every directory above one → the paths of interest at or below it. */
  private readonly below = new Map<string, Set<string>>();

  /** Lays the next layer; answers whether anything visible changed. A layer's whiteouts never hide its own files. */
  lay(layer: number, changes: LayerChanges, found: Iterable<string>): boolean {
    let changed = false;
    if (this.visible.size > 0) {
      for (const path of changes.whiteouts) changed = this.hide(path, true) || changed;
      for (const directory of changes.opaque) changed = this.hide(directory, true, directory) || changed;
      // Anything but a directory hides what was at and below its path; a directory hides a file of its name.
      for (const { path, directory } of changes.paths) if (this.below.has(path)) changed = this.hide(path, !directory) || changed;
    }
    for (const path of found) {
      changed = true;
      this.visible.set(path, layer);
      for (const prefix of prefixes(path)) {
        const paths = this.below.get(prefix);
        if (paths) paths.add(path);
        else this.below.set(prefix, new Set([path]));
      }
    }
    return changed;
  }

  private hide(path: string, all: boolean, except?: string): boolean {
    let changed = false;
    for (const hidden of [...this.below.get(path) ?? []]) {
      if (hidden === except || (!all && hidden !== path)) continue;
      changed = true;
      this.visible.delete(hidden);
      for (const prefix of prefixes(hidden)) {
        const paths = this.below.get(prefix)!;
        paths.delete(hidden);
        if (paths.size === 0) this.below.delete(prefix);
      }
    }
    return changed;
  }
}

/** '', `a`, `a/b`, `a/b/c` of `a/b/c`. */
function* prefixes(path: string): Generator<string> {
  yield '';
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) yield path.slice(0, slash);
  yield path;
}
