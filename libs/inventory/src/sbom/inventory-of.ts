import { Problem } from '@plimsoll/problem';
import { Digest, type Inventory, type InventoryProblem, type OperatingSystem, type Package, type Target } from '../model.ts';
import { contradict, systemNamed, systemOfQualifier } from './distribution.ts';
import type { Component, SbomDocument } from './document.ts';
import { identify, type Identity, isSystemType } from './identity.ts';
import { ownFacts } from './own-facts.ts';
import { packageOf, sameFirst } from './package-of.ts';
import { namesSources } from './source-package.ts';

/** Every problem is counted, and so many are told one by one. */
const mostProblems = 1000;

/** What a document says is inside its subject. What cannot be used is a problem, so that the inventory is partial. */
export function inventoryOf(document: SbomDocument): Inventory {
  const { components, makers, incomplete } = document;
  const facts = ownFacts(document.properties), problems = [...document.problems];
  const usable = components.flatMap((component) => {
    const identity = identityOf(component, problems, facts !== undefined);
    return identity ? [{ component, identity }] : [];
  });
  const os = facts ? facts.os : systemOf(components, usable.map(({ identity }) => identity));
  const judged = facts ? usable : ofOneSystem(usable, os, problems);
  const packages = packagesOf(judged, document, facts !== undefined || namesSources(makers, components), problems);
  if (!facts && packages.length === 0) problems.push({ code: 'sbom-empty', detail: 'nothing is listed that could be judged', where: 'the document' });
  if (!facts?.problems.length) problems.push(...incomplete.map((where) => ({ code: 'sbom-incomplete', detail: 'the document says of itself that it is not complete', where })));
  return {
    target: facts?.target ?? targetOf(document),
    os, packages,
    secrets: facts?.secrets ?? [],
    configuration: facts?.configuration ?? { findings: [] },
    problems: [...facts?.problems ?? [], ...capped(problems)],
  };
}

/** What a component is by its purl; undefined, and a problem where something is lost, when it is no package. */
function identityOf({ role, purl, name, version, where }: Component, problems: InventoryProblem[], ownDocument: boolean): Identity | undefined {
  if (role === 'system' || role === 'group' || role === 'other') return undefined;
  const unusable = (detail: string): void => { problems.push({ code: 'sbom-component-unusable', detail: `${JSON.stringify((name ?? '').slice(0, 200))} ${detail}`, where }); };
  if (purl === undefined) {
    // What a document describes may well be no package: an image, a directory.
    if (role === 'package') unusable(`${version ? `of version ${JSON.stringify(version.slice(0, 100))} ` : ''}has no purl, so nothing is known to look it up by`);
    return undefined;
  }
  try {
    const said = identify(purl, name), identity = ownDocument || said.version || !version ? said : { ...said, version };
    if (role === 'subject' && identity.type === 'generic') return undefined;
    if (identity.version === '' && !ownDocument) {
      if (role === 'subject') return undefined;
      unusable('has no version, so it is listed but cannot be judged');
    }
    return identity;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    unusable(`has a purl that cannot be read: ${error.detail}`);
    return undefined;
  }
}

type Usable = { readonly component: Component; readonly identity: Identity };

/** The system that is listed as such, else the one most packages name, else the namespace of their purls. */
function systemOf(components: readonly Component[], identities: readonly Identity[]): OperatingSystem | null {
  for (const { role, name, version, description, properties } of components) {
    if (role !== 'system' || !name) continue;
    const like = ['0', '1', '2', '3'].flatMap((i) => properties.one(`syft:distro:idLike:${i}`) ?? []);
    const codename = properties.one('syft:distro:versionCodename');
    return {
      ...systemNamed(properties.one('syft:distro:id') ?? name, properties.one('syft:distro:versionID') ?? version, properties.one('syft:distro:prettyName') ?? description ?? name),
      ...(codename && { codename }), ...(like.length && { id_like: like }),
    };
  }
  const votes = new Map<string, { os: OperatingSystem; count: number }>();
  for (const { type, distro, namespace } of identities) {
    if (!isSystemType(type) || (!distro && !namespace)) continue;
    // A namespace is a weaker word than any qualifier.
    const key = distro ? `${distro}\0${/^\d/.test(distro) ? namespace : ''}` : `\0${namespace}`;
    const vote = votes.get(key) ?? { os: distro ? systemOfQualifier(distro, namespace) : systemNamed(namespace!, undefined), count: distro ? 0 : -1e9 };
    vote.count++;
    votes.set(key, vote);
  }
  return [...votes.values()].sort((a, b) => b.count - a.count || sameFirst(a.os.id, b.os.id))[0]?.os ?? null;
}

/** An inventory has one operating system. Packages of another one would be judged by the wrong advisories: they are left out, and that is told. */
function ofOneSystem(usable: readonly Usable[], os: OperatingSystem | null, problems: InventoryProblem[]): Usable[] {
  const others = new Map<string, { count: number; where: string }>();
  const kept = usable.filter(({ component, identity: { type, distro, namespace } }) => {
    if (!os || !distro || !isSystemType(type) || !contradict(os, systemOfQualifier(distro, namespace))) return true;
    const other = others.get(distro) ?? { count: 0, where: component.where };
    other.count++;
    others.set(distro, other);
    return false;
  });
  for (const [distro, { count, where }] of others) {
    problems.push({ code: 'sbom-system-mixed', detail: `${count} packages are of ${distro.slice(0, 100)}, while the document is of ${os!.id} ${os!.version_id ?? ''}; they were left out`, where });
  }
  return kept;
}

function packagesOf(usable: readonly Usable[], document: SbomDocument, sourcesKnown: boolean, problems: InventoryProblem[]): Package[] {
  const claims = document.links.some(({ kind }) => kind !== 'depends');
  const byRef = new Map(claims ? usable.flatMap(({ component, identity }) => (component.ref ? [[component.ref, { purl: component.purl!, identity }] as const] : [])) : []);
  const paths = new Map<string, string[]>(), owners = new Map<string, string>();
  const groups = new Map(document.components.flatMap(({ role, ref, name }): [string, string][] => (role === 'group' && ref && isPath(name) ? [[ref, name]] : [])));
  for (const { kind, from, to } of document.links) {
    const file = kind === 'contains' ? document.files.get(to) : undefined;
    if (file) paths.set(from, [...paths.get(from) ?? [], file].slice(0, 16));
    const group = groups.get(from);
    if (group) paths.set(to, [...paths.get(to) ?? [], group].slice(0, 16));
    const [owner, owned] = [byRef.get(from), byRef.get(to)];
    if (kind !== 'depends' && owner && owned && isSystemType(owner.identity.type) && !isSystemType(owned.identity.type)) owners.set(to, owner.purl);
  }
  const packages = new Map<string, Package>(), sourceless = { count: 0, where: '' };
  for (const { component, identity } of usable) {
    const linked = component.ref && !isSystemType(identity.type) ? paths.get(component.ref) ?? [] : [];
    const found = packageOf(component, identity, { paths: linked, owner: component.ref ? owners.get(component.ref) : undefined, sourcesKnown });
    if (!sourcesKnown && (found.type === 'deb' || found.type === 'apk') && !found.source && sourceless.count++ === 0) sourceless.where = component.where;
    const key = JSON.stringify([found.type, found.name, found.version, found.arch, found.owner]);
    const known = packages.get(key);
    if (!known) packages.set(key, found);
    else for (const one of found.locations) if (!known.locations.some(({ path, layer }) => path === one.path && layer === one.layer)) known.locations.push(one);
  }
  if (sourceless.count) problems.push({ code: 'sbom-source-unknown', detail: `${sourceless.count} packages do not name the source package they were built from, and their distribution's advisories speak of source packages alone`, where: sourceless.where });
  return [...packages.values()].sort((a, b) => sameFirst(a.type, b.type) || sameFirst(a.name, b.name) || sameFirst(a.version, b.version) || sameFirst(a.arch ?? '', b.arch ?? '') || sameFirst(a.owner ?? '', b.owner ?? ''));
}

/** Trivy's groups are lock files, or whole languages: `app/go.mod`, but also `Node.js`, `Java`. */
const isPath = (name: string | undefined): name is string => name !== undefined && name !== 'Node.js' && /[./]/.test(name);

/** A document of another maker: what it describes is the reference, and the digest of an image is kept. */
function targetOf({ name, components }: SbomDocument): Target {
  const subject = components.find(({ role }) => role === 'subject');
  const digest = [subject?.properties.one('aquasecurity:trivy:RepoDigest')?.split('@')[1], subject?.purl?.startsWith('pkg:oci/') ? ociVersion(subject.purl) : undefined, subject?.version]
    .find((text) => Digest.safeParse(text).success);
  return {
    kind: 'sbom',
    reference: subject?.properties.one('aquasecurity:trivy:Reference') ?? subject?.properties.one('aquasecurity:trivy:RepoTag') ?? subject?.name ?? name ?? '',
    ...(digest && { digest }),
    layers: [],
  };
}

function ociVersion(purl: string): string | undefined {
  try { return identify(purl).version; } catch { return undefined; }
}

function capped(problems: InventoryProblem[]): InventoryProblem[] {
  if (problems.length <= mostProblems) return problems;
  return [...problems.slice(0, mostProblems), { code: 'sbom-more-problems', detail: `${problems.length - mostProblems} more parts could not be used`, where: problems[mostProblems]!.where }];
}
