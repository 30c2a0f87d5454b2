import type { ImageConfig } from '@plimsoll/oci';
import type { Found, FoundPackage } from './cataloger.ts';
import { releaseFiles } from './catalogers/os-release.ts';
import type { LayerAnalysis } from './layer-analysis.ts';
import { LayerView } from './layer-view.ts';
import type { Inventory, InventoryProblem, Layer, Location, OperatingSystem, Package, Target } from './model.ts';
import { findOwners } from './owners.ts';
import { packagePurl } from './package-purl.ts';
import { unpackPaths } from './packed-paths.ts';

/** What the manifest and the configuration say of an image, and the analyses of its layers, lowest first. */
export interface ImageParts {
  readonly target: Omit<Target, 'layers' | 'kind'>;
  readonly config: Pick<ImageConfig, 'config' | 'created'>;
  readonly layers: readonly LayerPart[];
}

/** One layer of the manifest. A layer that could not be read has a problem instead of an analysis: the inventory is then partial. */
export interface LayerPart {
  readonly layer: Layer;
  readonly analysis?: LayerAnalysis | undefined;
  readonly problem?: { readonly code: string; readonly detail: string } | undefined;
}

/** The analyses of the layers as one inventory. Pure; the same parts give the same bytes of JSON. */
export function coalesce({ target, config, layers }: ImageParts): Inventory {
  const { seen, since } = layLayers(layers);
  const digests = layers.map(({ layer }) => layer.digest);
  const problems: InventoryProblem[] = [
    ...layers.flatMap(({ layer, problem }) => (problem ? [{ code: problem.code, detail: problem.detail, where: layer.digest }] : [])),
    ...layers.flatMap(({ layer, analysis }) => analysis?.problems.map((one) => ({ ...one, where: one.where.startsWith('sha256:') ? one.where : `${layer.digest} ${one.where}` })) ?? []),
    ...seen.flatMap(({ path, layer, found }) => problemsOf(found, `${digests[layer]} ${path}`)),
  ];
  const { User, ExposedPorts, Entrypoint, Cmd, Volumes, Healthcheck, Env, Labels } = config.config;
  return {
    target: { kind: 'image', ...target, layers: layers.map(({ layer, analysis }) => ({ ...layer, ...(analysis && { diff_id: analysis.diff_id, ...(analysis.verified === false && { verified: false as const }) }) })) },
    ...contentsOf(seen, (sighting, found) => digests[since.get(identity(sighting, found))!]),
    secrets: [],
    configuration: {
      ...(User && { user: User }),
      ...(ExposedPorts?.length && { exposed_ports: [...ExposedPorts] }),
      ...(Entrypoint?.length && { entrypoint: [...Entrypoint] }),
      ...(Cmd?.length && { command: [...Cmd] }),
      ...(Volumes?.length && { volumes: [...Volumes] }),
      ...(Healthcheck?.length && { healthcheck: [...Healthcheck] }),
      ...(Env?.length && { environment: Env.map((variable) => variable.split('=', 1)[0]!) }),
      ...(Labels && Object.keys(Labels).length && { labels: sortedRecord(Labels) }),
      ...(config.created && { created: config.created }),
      findings: [],
    },
    problems: sortedProblems(problems),
  };
}

/** A file of interest that is visible in the finished image, and what was found in it. */
export interface Sighting { readonly path: string; readonly layer: number; readonly found: Found }

/** The operating system and the packages of the files seen; `layerOf` names the layer of a package, where there are layers. */
export function contentsOf(seen: readonly Sighting[], layerOf: (sighting: Sighting, found: FoundPackage) => string | undefined): Pick<Inventory, 'os' | 'packages'> {
  const os = operatingSystem(seen);
  const owners = findOwners(seen, (found) => packagePurl(found, os));
  const packages = new Map<string, Package>();
  for (const sighting of seen) {
    for (const found of sighting.found.packages) {
      const owner = isSystem(found) ? undefined : owners(sighting.path);
      // A program known by its own text: one of an operating-system package is that package, which is listed.
      if (found.type === 'generic' && owner) continue;
      const layer = layerOf(sighting, found);
      const location: Location = { path: found.inside ? `${sighting.path}!${found.inside}` : sighting.path, ...(layer && { layer }) };
      const key = JSON.stringify([found.type, found.name, found.version, found.arch, owner]);
      const known = packages.get(key);
      if (known) addLocation(known, location);
      else packages.set(key, toPackage(found, packagePurl(found, os), location, owner));
    }
  }
  for (const one of packages.values()) one.locations.sort((a, b) => order(a.path, b.path) || order(a.layer ?? '', b.layer ?? ''));
  return { os, packages: [...packages.values()].sort(inOrder) };
}

function toPackage({ type, name, version, arch, source, vendor, module, licences }: FoundPackage, purl: string, location: Location, owner: string | undefined): Package {
  return {
    purl, name, version, type,
    ...(arch && { arch }), ...(source && { source }), ...(vendor && { vendor }), ...(module && { module }),
    ...(location.layer && { layer: location.layer }),
    locations: [location],
    licences: licences ?? [],
    ...(owner && { owner }),
  };
}

/** The same package again elsewhere. Sightings come in the order of their layers, so the first one's layer stays the package's. */
function addLocation(known: Package, location: Location): void {
  if (!known.locations.some(({ path, layer }) => path === location.path && layer === location.layer)) known.locations.push(location);
}

/** Lays the layers one over the other: what is visible in the end, and the layer since which each package has stayed. */
function layLayers(layers: readonly LayerPart[]): { seen: Sighting[]; since: ReadonlyMap<string, number> } {
  const view = new LayerView();
  const results = layers.map(({ analysis }) => byPath(analysis));
  let since = new Map<string, number>(), seen: Sighting[] = [];
  layers.forEach(({ analysis }, layer) => {
    if (!analysis) return;
    if (!view.lay(layer, { whiteouts: analysis.whiteouts, opaque: analysis.opaque, paths: unpackPaths(analysis.paths) }, results[layer]!.keys())) return;
    const before = since;
    since = new Map();
    seen = [];
    for (const [path, from] of view.visible) {
      for (const found of results[from]!.get(path)!) {
        const sighting = { path, layer: from, found };
        seen.push(sighting);
        for (const one of found.packages) {
          const key = identity(sighting, one);
          since.set(key, before.get(key) ?? layer);
        }
      }
    }
  });
  return { seen: seen.sort((a, b) => a.layer - b.layer || order(a.path, b.path)), since };
}

/** What makes a package the same one in the next layer: a database is rewritten as a whole, a language package is its files. */
const identity = ({ path }: Sighting, { type, name, version, arch, inside }: FoundPackage): string =>
  (isSystemType(type) ? [type, name, version, arch] : [type, name, version, path, inside]).join('\0');

function byPath(analysis: LayerAnalysis | undefined): Map<string, Found[]> {
  const paths = new Map<string, Found[]>();
  for (const files of Object.values(analysis?.results ?? {})) {
    for (const [path, found] of Object.entries(files)) {
      const list = paths.get(path);
      if (list) list.push(found);
      else paths.set(path, [found]);
    }
  }
  return paths;
}

function operatingSystem(seen: readonly Sighting[]): OperatingSystem | null {
  const candidates = seen.filter(({ found }) => found.os).sort((a, b) => releaseFiles.indexOf(a.path) - releaseFiles.indexOf(b.path));
  return candidates[0]?.found.os ?? null;
}

const problemsOf = ({ problems }: Found, where: string): InventoryProblem[] =>
  problems?.map(({ code, detail, inside }) => ({ code, detail, where: inside ? `${where}!${inside}` : where })) ?? [];

/** The problems of files, without a layer to name. */
export const problemsOfFiles = (seen: readonly Sighting[]): InventoryProblem[] => sortedProblems(seen.flatMap(({ path, found }) => problemsOf(found, path)));

/** Sorted; what two catalogers say alike of one file is said once. */
export const sortedProblems = (problems: readonly InventoryProblem[]): InventoryProblem[] =>
  [...problems].sort(byPlace).filter((one, i, all) => i === 0 || byPlace(one, all[i - 1]!) !== 0);

const byPlace = (a: InventoryProblem, b: InventoryProblem): number => order(a.where, b.where) || order(a.code, b.code) || order(a.detail, b.detail);

const systemTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage']);
const isSystemType = (type: string): boolean => systemTypes.has(type);
const isSystem = ({ type }: FoundPackage): boolean => isSystemType(type);

/** By code unit: independent of the machine's language. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const inOrder = (a: Package, b: Package): number =>
  order(a.type, b.type) || order(a.name, b.name) || order(a.version, b.version) || order(a.arch ?? '', b.arch ?? '') || order(a.owner ?? '', b.owner ?? '');
const sortedRecord = (record: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(record).sort(([a], [b]) => order(a, b)));
