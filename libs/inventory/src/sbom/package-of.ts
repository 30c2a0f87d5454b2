import type { Location, Package } from '../model.ts';
import type { Component } from './document.ts';
import { type Identity, isSystemType } from './identity.ts';
import { own } from './properties.ts';
import { sourcePackage } from './source-package.ts';

/** What the rest of the document adds to a component. */
export interface Surroundings {
  /** Files it is linked to. */
  readonly paths: readonly string[];
  readonly owner: string | undefined;
  /** Whether silence about the source package means that it has the same name. */
  readonly sourcesKnown: boolean;
}

/** A component as a package. Our own properties decide where they stand; then the purl; then what other makers are known to write. */
export function packageOf(component: Component, identity: Identity, { paths, owner: linkedOwner, sourcesKnown }: Surroundings): Package {
  const { properties, licences, purl } = component, { type } = identity;
  const mine = (name: string): string | undefined => properties.one(`${own}${name}`);
  const ours = properties.hasPrefix(own);
  const arch = properties.all(`${own}arch`)[0] ?? identity.arch;
  const module = mine('module') ?? (ours ? undefined : identity.module ?? properties.one('aquasecurity:trivy:Modularitylabel') ?? properties.one('syft:metadata:modularityLabel'));
  const name = mine('name') ?? identity.name, version = properties.all(`${own}version`)[0] ?? identity.version;
  const source = sourcePackage(component, identity) ?? (sourcesKnown && !ours && isSystemType(type) && type !== 'rpm' ? { name, version } : undefined);
  const vendor = ours || isSystemType(type) ? component.vendor : undefined;
  const layer = digest(mine('layer') ?? (ours ? undefined : properties.one('aquasecurity:trivy:LayerDigest') ?? properties.one('aquasecurity:trivy:LayerDiffID')));
  const ownLicences = properties.all(`${own}licence`);
  const owner = mine('owner') ?? linkedOwner, base = mine('base');
  return {
    purl: purl!, name, version, type,
    ...(arch && { arch }), ...(source && { source: { ...source } }), ...(vendor && { vendor }), ...(module && { module }), ...(layer && { layer }),
    locations: locationsOf(component, paths),
    licences: ownLicences.length ? ownLicences : [...licences],
    ...(owner && { owner }), ...(base !== undefined && { base: base === 'true' }),
  };
}

const digest = (text: string | undefined): string | undefined => (text !== undefined && /^sha256:[0-9a-f]{64}$/.test(text) ? text : undefined);

/** Where it was seen, by the most precise word there is. Ours are kept as they are, others' lose the leading slash. */
function locationsOf({ properties, locations }: Component, paths: readonly string[]): Location[] {
  const ours = properties.all(`${own}location`);
  if (ours.length) return ours.map((text) => /^(?:(sha256:[0-9a-f]{64}) )?(.*)$/s.exec(text)!).map(([, layer, path]) => ({ path: path!, ...(layer && { layer }) }));
  const syft = properties.hasPrefix('syft:location:') ? Array.from({ length: 16 }, (_, i) => ({ path: properties.one(`syft:location:${i}:path`), layer: properties.one(`syft:location:${i}:layerID`) })) : [];
  const said = [
    ...locations, ...syft,
    ...['aquasecurity:trivy:FilePath', 'SrcFile'].flatMap((name) => properties.all(name)).map((path) => ({ path, layer: undefined })),
    ...paths.map((path) => ({ path, layer: undefined })),
  ];
  const found = new Map<string, Location>();
  for (const { path: text, layer: of } of said) {
    const path = properties.hasPrefix(own) ? text : text?.replace(/^\.?\/+/, ''), layer = digest(of);
    if (path) found.set(`${path}\0${layer ?? ''}`, { path, ...(layer && { layer }) });
  }
  return [...found.values()];
}

/** By code unit: independent of the machine's language. */
export const sameFirst = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
