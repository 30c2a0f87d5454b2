import type { VexStatement } from '@plimsoll/advisories';
import { type Inventory, type Package, parsePurl, type PurlParts } from '@plimsoll/inventory';
import type { Finding, FindingVex } from './finding.ts';

/** What decides whether a statement is about a package: the target it is in, and what else is there. */
export type VexHome = Pick<Inventory, 'packages'> & Partial<Pick<Inventory, 'target'>>;

/** Suppliers' statements by a vulnerability's name; see `AdvisoryIndex.statements`. */
export type Statements = (name: string) => readonly VexStatement[];

/**
 * A finding with what suppliers say of it in this package of this target. The latest statement decides: not affected or
 * fixed and the finding is suppressed, which is shown and not counted. Pure; nothing of the finding itself is changed.
 */
export function withVex(finding: Finding, found: Package, statements: Statements, home: VexHome): Finding {
  // One statement is met by every name it gives the vulnerability.
  let said: Map<string, VexStatement> | undefined;
  for (const name of [finding.id, ...finding.aliases, ...finding.advisories ?? []]) for (const statement of statements(name)) (said ??= new Map()).set(JSON.stringify(statement), statement);
  if (said === undefined) return finding;
  const about = [...said.values()].filter((statement) => isAbout(statement, found, home)).sort(latestFirst);
  if (about.length === 0) return finding;
  const decides = about[0]!.status, holds = finding.state === 'affected' || finding.state === 'undetermined';
  const isSuppressed = holds && (decides === 'not_affected' || decides === 'fixed');
  return { ...finding, vex: about.map(wordsOf), ...(isSuppressed ? { suppressed: finding.suppressed ?? 'vex' as const } : {}) };
}

/** Of statements of one time, and of those without any, the one that does not suppress: what is in doubt is shown. */
function latestFirst(a: VexStatement, b: VexStatement): number {
  const [x, y] = [Date.parse(a.time ?? '') || 0, Date.parse(b.time ?? '') || 0];
  return y - x || Number(suppresses(a)) - Number(suppresses(b));
}
const suppresses = ({ status }: VexStatement): boolean => status === 'not_affected' || status === 'fixed';

const wordsOf = ({ status, justification, detail, source, time }: VexStatement): FindingVex => ({
  status, ...(justification === undefined ? {} : { justification }), ...(detail === undefined ? {} : { detail }), source, ...(time === undefined ? {} : { time }),
});

/**
 * A statement without products is about whatever it was handed over with. Otherwise one of its products must be the package,
 * or the target; and where it names parts of the product, the package must be one of them, inside that target or in the
 * product's own files (the modules of a Go program).
 */
export function isAbout({ products, subcomponents }: Pick<VexStatement, 'products' | 'subcomponents'>, found: Package, home: VexHome): boolean {
  const isPart = subcomponents.length === 0 || subcomponents.some((part) => isPackage(part, found));
  if (!isPart) return false;
  if (products.length === 0) return true;
  return products.some((product) => (subcomponents.length === 0 && isPackage(product, found)) || isTarget(product, home.target)
    || (subcomponents.length > 0 && isInside(product, found, home.packages)));
}

/** True when every file a package was seen in is one of the product's. */
function isInside(product: string, found: Package, packages: readonly Package[]): boolean {
  if (found.locations.length === 0) return false;
  const files = new Set(packages.filter((other) => isPackage(product, other)).flatMap(({ locations }) => locations.map(({ path }) => path)));
  return found.locations.every(({ path }) => files.has(path));
}

/** A purl means a package when all that it says is so; a name with `arch=source` means what the package was built from. */
function isPackage(product: string, found: Package): boolean {
  if (product === found.purl) return true;
  const wanted = parsed(product), own = parsed(found.purl);
  if (wanted === undefined || own === undefined || wanted.type !== own.type) return false;
  if (wanted.namespace !== undefined && wanted.namespace !== '' && wanted.namespace !== own.namespace) return false;
  const { arch, ...qualifiers } = wanted.qualifiers ?? {};
  const isSource = arch === 'source' || arch === 'src';
  if (wanted.name !== (isSource ? found.source?.name : own.name)) return false;
  if ((wanted.namespace ?? '') === '' && (own.namespace ?? '') !== '' && !systems.has(own.type)) return false;
  if (wanted.version && plain(wanted.version) !== plain(isSource ? withoutEpoch(own.type, found.source?.version ?? '') : own.version ?? '')) return false;
  return (isSource || arch === undefined || arch === own.qualifiers?.['arch']) && Object.entries(qualifiers).every(([key, value]) => value === own.qualifiers?.[key]);
}

/** Of these a purl may leave out whose they are. */
const systems: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'opkg']);
const plain = (version: string): string => version.replace(/^v(?=\d)/, '');
const withoutEpoch = (type: string, version: string): string => type === 'rpm' ? version.replace(/^\d+:/, '') : version;

/** A digest, the reference as it was given, or a `pkg:oci` of either. */
function isTarget(product: string, target: VexHome['target']): boolean {
  if (target === undefined) return false;
  if (product === target.digest || product === target.reference) return true;
  const wanted = parsed(product);
  if (wanted === undefined || (wanted.type !== 'oci' && wanted.type !== 'docker')) return false;
  if (wanted.version?.includes(':') && wanted.version !== target.digest) return false;
  const { repository, tag } = partsOf(target.reference);
  const wantedTag = wanted.qualifiers?.['tag'] ?? (wanted.version?.includes(':') ? undefined : wanted.version);
  const url = wanted.qualifiers?.['repository_url'];
  const isNamed = url === undefined ? repository.split('/').at(-1) === wanted.name : repository === url || repository === `${url}/${wanted.name}`;
  return isNamed && (wantedTag === undefined || wantedTag === '' || wantedTag === tag || wanted.version === target.digest);
}

/** `oci-archive:FILE:name:tag` and `registry/name:tag@digest` → name and tag. */
function partsOf(reference: string): { repository: string; tag: string | undefined } {
  const name = reference.replace(/^(?:oci|oci-archive|docker-archive):[^:]+:/, '').replace(/@sha256:[0-9a-f]+$/, '');
  const [, repository = name, tag] = /^(.+?):([\w][\w.-]*)$/.exec(name) ?? [];
  return { repository, tag };
}

/** Documents name few products many times over. */
const known = new Map<string, PurlParts | undefined>();
function parsed(purl: string): PurlParts | undefined {
  if (!purl.startsWith('pkg:')) return undefined;
  if (!known.has(purl)) {
    if (known.size >= 20_000) known.clear();
    let parts: PurlParts | undefined;
    try { parts = parsePurl(purl); } catch { /* no purl means no package */ }
    known.set(purl, parts);
  }
  return known.get(purl);
}
