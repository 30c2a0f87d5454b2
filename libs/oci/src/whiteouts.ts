import type { PathList } from './path-list.ts';

/**
 * What a name beginning with `.wh.` says (OCI image-spec, layer.md "Whiteouts"): the path it removes from lower layers, that its
 * directory is opaque, bookkeeping of aufs ('other'), or undefined for one that names nothing, `.` or `..`.
 */
export function whiteoutOf(path: string): { readonly path: string } | 'opaque' | 'other' | undefined {
  const slash = path.lastIndexOf('/') + 1;
  const name = path.slice(slash);
  if (name === '.wh..wh..opq') return 'opaque';
  if (name.startsWith('.wh..wh.')) return 'other';
  const removed = name.slice('.wh.'.length);
  return removed === '' || removed === '.' || removed === '..' ? undefined : { path: path.slice(0, slash) + removed };
}

/** What a layer changes in the layers below it; part of a LayerReading. */
export interface LayerChanges {
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
  readonly paths: PathList;
}

/**
 * Which of the paths found in each layer (lowest first, same order in both lists) are still those of the finished image: not replaced,
 * not removed by a whiteout, an opaque directory, or something else than a directory standing where a directory was.
 */
export function survivingPaths(layers: readonly LayerChanges[], found: readonly (readonly string[])[]): ReadonlySet<string>[] {
  const root = new Node();
  layers.forEach((layer, index) => {
    if (root.children.size > 0) hideBelow(root, layer);
    for (const path of found[index] ?? []) root.at(path).layer = index;
  });
  const survivors = layers.map(() => new Set<string>());
  root.collect('', survivors);
  return survivors;
}

/** A whiteout hides what lower layers hold, never what its own layer holds: so the layer's own paths are added after this. */
function hideBelow(root: Node, { whiteouts, opaque, paths }: LayerChanges): void {
  for (const path of whiteouts) root.remove(path);
  for (const path of opaque) root.find(path)?.children.clear();
  for (const { path, directory } of paths) {
    if (!directory) root.remove(path);
    else {
      const replaced = root.find(path);
      if (replaced !== undefined) replaced.layer = -1;
    }
  }
}

/** The paths still standing, as a tree: removing a directory with all it holds is one step. */
class Node {
  readonly children = new Map<string, Node>();
  /** The layer that put a path of interest here; -1 for none. */
  layer = -1;

  at(path: string): Node {
    let node: Node = this;
    for (const name of path.split('/')) {
      let child = node.children.get(name);
      if (child === undefined) node.children.set(name, child = new Node());
      node = child;
    }
    return node;
  }

  find(path: string): Node | undefined {
    if (path === '') return this;
    let node: Node | undefined = this;
    for (let from = 0; node !== undefined && from <= path.length;) {
      const slash = path.indexOf('/', from);
      const end = slash < 0 ? path.length : slash;
      node = node.children.get(path.slice(from, end));
      from = end + 1;
    }
    return node;
  }

  remove(path: string): void {
    const slash = path.lastIndexOf('/');
    this.find(slash < 0 ? '' : path.slice(0, slash))?.children.delete(path.slice(slash + 1));
  }

  collect(path: string, into: readonly Set<string>[]): void {
    if (this.layer >= 0) into[this.layer]?.add(path);
    for (const [name, child] of this.children) child.collect(path === '' ? name : `${path}/${name}`, into);
  }
}
