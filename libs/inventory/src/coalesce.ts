import type { ImageConfig } from '@plimsoll/oci';
import type { Found, FoundPackage, FoundSecret } from './cataloger.ts';
import { releaseFiles } from './catalogers/os-release.ts';
import type { CheckView } from './checks/check.ts';
import { checkTarget } from './checks/check-target.ts';
import { stepsOf } from './checks/steps.ts';
import { filesOf } from './files.ts';
import type { LayerAnalysis } from './layer-analysis.ts';
import { licencesOf } from './licences/licences-of.ts';
import { LayerView } from './layer-view.ts';
import { type Inventory, type InventoryProblem, type Layer, type Location, type OperatingSystem, type Package, type Secret, type Target, Weight } from './model.ts';
import { findOwners } from './owners.ts';
import { packagePurl } from './package-purl.ts';
import { unpackPaths } from './packed-paths.ts';
import type { Scanner } from './scanners.ts';
import { describeRule } from './secrets/rules.ts';
import { secretsOfImage } from './secrets/secrets-of-image.ts';

/** What the manifest and the configuration say of an image, and the analyses of its layers, lowest first. */
export interface ImageParts {
  readonly target: Omit<Target, 'layers' | 'kind'>;
  readonly config: Pick<ImageConfig, 'config' | 'created'> & Partial<Pick<ImageConfig, 'history'>>;
  readonly layers: readonly LayerPart[];
  /** Whether the reference names it in a registry. */
  readonly fromRegistry?: boolean | undefined;
  /** What is not told. */
  readonly without?: readonly Scanner[] | undefined;
  /** Whether every file is told. */
  readonly files?: boolean | undefined;
}

/** One layer of the manifest. A layer that could not be read has a problem instead of an analysis: the inventory is then partial. */
export interface LayerPart {
  readonly layer: Layer;
  readonly analysis?: LayerAnalysis | undefined;
  readonly problem?: { readonly code: string; readonly detail: string } | undefined;
}

/** The analyses of the layers as one inventory. Pure; the same parts give the same bytes of JSON. */
export function coalesce({ target, config: { config, created, history = [] }, layers, fromRegistry = false, without = [], files }: ImageParts): Inventory {
  const { seen, since } = layLayers(layers);
  const digests = layers.map(({ layer }) => layer.digest);
  const problems: InventoryProblem[] = [
    ...layers.flatMap(({ layer, problem }) => (problem ? [{ code: problem.code, detail: problem.detail, where: layer.digest }] : [])),
    ...layers.flatMap(({ layer, analysis }) => analysis?.problems.map((one) => ({ ...one, where: one.where.startsWith('sha256:') ? one.where : `${layer.digest} ${one.where}` })) ?? []),
    ...seen.flatMap(({ path, layer, found }) => problemsOf(found, `${digests[layer]} ${path}`)),
  ];
  const steps = stepsOf(history, digests);
  const contents = contentsOf(seen, (sighting, found) => digests[since.get(identity(sighting, found))!]);
  const { secrets: told, clean } = secretsOfImage(config, steps);
  const secrets = without.includes('secret') ? [] : [...told, ...secretsOfLayers(layers, seen)].sort(worstSecretFirst);
  const { User, ExposedPorts, Entrypoint, Cmd, Volumes, Healthcheck, Env, Labels } = config;
  return {
    target: { kind: 'image', ...target, layers: layers.map((part) => describeLayer(part, clean)) },
    ...contents,
    ...(files && { files: filesOf(layers) }),
    secrets,
    configuration: {
      ...(User && { user: User }),
      ...(ExposedPorts?.length && { exposed_ports: [...ExposedPorts] }),
      ...(Entrypoint?.length && { entrypoint: Entrypoint.map(clean) }),
      ...(Cmd?.length && { command: Cmd.map(clean) }),
      ...(Volumes?.length && { volumes: [...Volumes] }),
      ...(Healthcheck?.length && { healthcheck: Healthcheck.map(clean) }),
      ...(Env?.length && { environment: Env.map((variable) => variable.split('=', 1)[0]!) }),
      ...(Labels && Object.keys(Labels).length && { labels: sortedRecord(Object.fromEntries(Object.entries(Labels).map(([name, value]) => [name, clean(`${name}=${value}`).slice(name.length + 1)]))) }),
      ...(created && { created }),
      findings: without.includes('config') ? [] : checkTarget({
        image: { reference: target.reference, fromRegistry, config, steps: steps.map((step) => ({ ...step, text: clean(step.text), arguments: [] })), base: target.base },
        ...factsOf(seen, (layer) => digests[layer]), packages: contents.packages, secrets,
      }),
    },
    problems: sortedProblems(problems),
  };
}

const describeLayer = ({ layer: { created_by, ...layer }, analysis }: LayerPart, clean: (text: string) => string): Layer => ({
  ...layer,
  ...(analysis && { diff_id: analysis.diff_id }),
  ...((!analysis || analysis.verified === false) && { verified: false as const }),
  ...(created_by && { created_by: clean(created_by) }),
});

/** What checks judge of the files seen. */
export function factsOf(seen: readonly Sighting[], layerOf: (layer: number) => string | undefined): Pick<CheckView, 'files' | 'users' | 'groups' | 'passwordless'> {
  const users = seen.flatMap(({ found }) => found.accounts?.users ?? []), groups = seen.flatMap(({ found }) => found.accounts?.groups ?? []);
  return {
    files: seen.flatMap(({ path, layer, found: { fact } }) => (fact ? [{ path, layer: layerOf(layer), fact }] : [])),
    users: users.length ? users : undefined,
    groups: groups.length ? groups : undefined,
    passwordless: seen.flatMap(({ found }) => found.accounts?.passwordless ?? []),
  };
}

/** Secrets in files, also in those that upper layers removed or replaced: their layer is still part of the image. */
function secretsOfLayers(layers: readonly LayerPart[], seen: readonly Sighting[]): Secret[] {
  const visible = new Set(seen.flatMap(({ path, layer, found }) => (found.secrets ? [`${layer} ${path}`] : [])));
  const secrets = new Map<string, Secret>();
  layers.forEach(({ layer: { digest }, analysis }, i) => {
    for (const [path, all] of byPath(analysis)) {
      for (const found of all.flatMap((one) => one.secrets ?? [])) {
        const key = JSON.stringify([path, found.rule, found.match]), known = secrets.get(key);
        const isVisible = visible.has(`${i} ${path}`);
        // The same one again in a file that was written anew: it is there since the first time.
        if (known) { if (isVisible) delete known.deleted; } else secrets.set(key, { ...secretInFile(path, found), layer: digest, ...(!isVisible && { deleted: true }) });
      }
    }
  });
  return [...secrets.values()];
}

/** The secrets of the files seen, without a layer to name. */
export const secretsOfFiles = (seen: readonly Sighting[]): Secret[] =>
  seen.flatMap(({ path, found }) => found.secrets?.map((secret) => secretInFile(path, secret)) ?? []).sort(worstSecretFirst);

function secretInFile(path: string, { rule, line, match }: FoundSecret): Secret {
  const { title = rule, severity = 'medium' as const } = describeRule(rule) ?? {};
  return { rule, title, severity, place: 'file', path, ...(line && { line }), match };
}

const weights: readonly string[] = Weight.options;
const worstSecretFirst = (a: Secret, b: Secret): number =>
  weights.indexOf(a.severity) - weights.indexOf(b.severity) || order(a.place, b.place) || order(a.path ?? '', b.path ?? '') || (a.line ?? 0) - (b.line ?? 0) || order(a.rule, b.rule) || order(a.layer ?? '', b.layer ?? '');

/** A file of interest that is visible in the finished image, and what was found in it. */
export interface Sighting { readonly path: string; readonly layer: number; readonly found: Found }

/** The operating system and the packages of the files seen; `layerOf` names the layer of a package, where there are layers. */
export function contentsOf(seen: readonly Sighting[], layerOf: (sighting: Sighting, found: FoundPackage) => string | undefined): Pick<Inventory, 'os' | 'packages'> {
  const os = operatingSystem(seen);
  const owners = findOwners(seen, (found) => packagePurl(found, os));
  const packages = new Map<string, Package>(), places = new Set<string>(), licences = licencesOf(seen);
  for (const sighting of seen) {
    for (const found of sighting.found.packages) {
      const owner = isSystem(found) ? undefined : owners(sighting.path);
      // A program known by its own text: one of an operating-system package is that package, which is listed.
      if (found.type === 'generic' && owner) continue;
      const layer = layerOf(sighting, found);
      const location: Location = { path: found.inside ? `${sighting.path}!${found.inside}` : sighting.path, ...(layer && { layer }) };
      const key = JSON.stringify([found.type, found.name, found.version, found.arch, owner]);
      // The same package again elsewhere. Sightings come in the order of their layers, so the first one's layer stays the package's.
      const known = packages.get(key), place = `${key}\0${location.path}\0${location.layer ?? ''}`;
      if (places.has(place)) continue;
      places.add(place);
      if (known) known.locations.push(location);
      else packages.set(key, toPackage(found, packagePurl(found, os), location, owner, licences(found)));
    }
  }
  for (const one of packages.values()) one.locations.sort((a, b) => order(a.path, b.path) || order(a.layer ?? '', b.layer ?? ''));
  return { os, packages: [...packages.values()].sort(inOrder) };
}

function toPackage({ type, name, version, arch, source, vendor, module }: FoundPackage, purl: string, location: Location, owner: string | undefined, expressions: string[]): Package {
  return {
    purl, name, version, type,
    ...(arch && { arch }), ...(source && { source }), ...(vendor && { vendor }), ...(module && { module }),
    ...(location.layer && { layer: location.layer }),
    locations: [location],
    licences: expressions,
    ...(owner && { owner }),
  };
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
