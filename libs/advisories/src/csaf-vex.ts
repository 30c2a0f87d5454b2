import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected, Scored } from './advisory.ts';
import { scoreCvss } from './cvss.ts';
import { bytesOf, notJson, type Parser, rejected } from './feed.ts';
import { firstLine, severityWord } from './words.ts';

const id = z.string().max(2_000);
const ids = z.array(id).nullish().transform((list) => list ?? []);
const Product = z.object({ name: z.string(), product_id: id, product_identification_helper: z.object({ cpe: z.string().max(500).nullish(), purl: z.string().max(2_000).nullish() }).nullish() });
type Product = z.output<typeof Product>;

/** What is read of a CSAF 2.0 document, https://docs.oasis-open.org/csaf/csaf/v2.0/; branches are walked by hand, to a depth. */
const Csaf = z.object({
  document: z.object({
    category: z.string(), csaf_version: z.string(), publisher: z.object({ name: z.string() }),
    tracking: z.object({ id, initial_release_date: z.string().nullish(), current_release_date: z.string().nullish() }),
    aggregate_severity: z.object({ text: z.string() }).nullish(),
  }),
  product_tree: z.object({
    branches: z.array(z.unknown()).nullish(),
    relationships: z.array(z.object({ full_product_name: Product, product_reference: id, relates_to_product_reference: id })).nullish(),
  }).nullish(),
  vulnerabilities: z.array(z.object({
    cve: z.string().nullish(), title: z.string().nullish(), release_date: z.string().nullish(),
    product_status: z.object({ fixed: ids, known_affected: ids, known_not_affected: ids, under_investigation: ids }).partial().nullish(),
    remediations: z.array(z.object({ category: z.string(), details: z.string().nullish(), product_ids: ids })).nullish(),
    threats: z.array(z.object({ category: z.string(), details: z.string(), product_ids: ids })).nullish(),
    scores: z.array(z.object({ cvss_v3: z.object({ vectorString: z.string().max(500) }).nullish() })).nullish(),
    references: z.array(z.object({ url: z.string() })).nullish(),
  })).nullish(),
});
type Csaf = z.output<typeof Csaf>;
type Vulnerability = NonNullable<Csaf['vulnerabilities']>[number];

/**
 * Reads Red Hat's CSAF documents (VEX and security advisories), one advisory per document and CVE. Every stream (EUS, AUS,
 * TUS, E4S, ELS) is an ecosystem of its own. Containers and language packages of Red Hat's products are no distribution
 * packages and left out. Fixes name binary packages, and sources where no binary has that name; components without a fix
 * are named by their source.
 */
export const parseRedHatCsaf: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.json$/i.test(record.name)) continue;
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      const csaf = decode(record.name, bytes), resolve = packagesOf(csaf);
      for (const vulnerability of csaf.vulnerabilities ?? []) {
        try {
          yield { kind: 'advisory', advisory: advisoryOf(csaf, vulnerability, resolve, source) };
        } catch (error) {
          yield rejected(`${record.name} ${vulnerability.cve ?? ''}`.trimEnd(), error, bytes);
        }
      }
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

function decode(name: string, bytes: Buffer): Csaf {
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const problem = notJson(name, bytes, error);
    throw invalid((problem.code ?? '').replace('feed-', 'record-').replace('record-not-json', 'record-malformed'), problem.detail, error);
  }
  const parsed = Csaf.safeParse(document);
  if (!parsed.success) throw invalid('record-not-csaf', `not a CSAF document: ${parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
  if (!/^Red Hat\b/.test(parsed.data.document.publisher.name)) throw invalid('record-other-publisher', `${name} is ${parsed.data.document.publisher.name}'s, not Red Hat's`);
  return parsed.data;
}

/** One package of one stream. `evr` is there where the document names a build. */
interface Component { readonly ecosystem: string; readonly name: string; readonly evr?: string; readonly arch?: string; readonly module?: string }

/** What a product id means: undefined for what is no rpm of a product. Problem `record-product-unknown` for an id the tree lacks. */
function packagesOf(csaf: Csaf): (productId: string) => Component | undefined {
  const products = new Map<string, Product>();
  for (const branch of csaf.product_tree?.branches ?? []) walk(branch, products, 0);
  const relations = new Map((csaf.product_tree?.relationships ?? []).map((one) => [one.full_product_name.product_id, one]));
  return (productId) => {
    let platform = productId, reference: string | undefined, module: string | undefined;
    for (let depth = 0; depth < 8; depth++) {
      const relation = relations.get(platform);
      if (relation === undefined) break;
      // `nodejs` is a component of `nodejs:18:8090…`, which is one of AppStream.
      if (reference === undefined) reference = relation.product_reference; else module = relation.product_reference;
      platform = relation.relates_to_product_reference;
    }
    const product = products.get(platform);
    if (product === undefined) throw invalid('record-product-unknown', `the product tree lacks ${platform}`);
    if (reference === undefined) return undefined;   // a product as a whole
    const ecosystem = ecosystemOf(product), found = componentOf(reference, products.get(reference)?.product_identification_helper?.purl ?? undefined);
    if (ecosystem === undefined || found === undefined) return undefined;
    const stream = found.module ?? module;
    return { ecosystem, name: found.name, ...(found.evr === undefined ? {} : { evr: found.evr }), ...(found.arch === undefined ? {} : { arch: found.arch }), ...(stream?.includes(':') ? { module: stream.split(':').slice(0, 2).join(':') } : {}) };
  };
}

const Branch = z.object({ product: Product.nullish(), branches: z.array(z.unknown()).nullish() });

function walk(node: unknown, products: Map<string, Product>, depth: number): void {
  if (depth > 32) throw invalid('record-too-deep', 'the product tree has branches more than 32 deep');
  const { product, branches } = Branch.parse(node);
  if (product) products.set(product.product_id, product);
  for (const branch of branches ?? []) walk(branch, products, depth + 1);
}

/** `cpe:/a:redhat:rhel_eus:9.2::appstream` → `Red Hat:rhel_eus:9.2`; the repository is no part of the stream, a base system is (`::el8`). */
function ecosystemOf(product: Product): string | undefined {
  const [, name, version = '', edition = ''] = /^cpe:\/[ao]:redhat:([^:]+)(?::([^:]*))?(?::[^:]*)?(?::([^:]*))?/.exec(product.product_identification_helper?.cpe ?? '') ?? [];
  if (name === undefined) return undefined;
  // Release 10 has its minor number in some documents; the main stream of a major is one.
  const release = name === 'enterprise_linux' ? version.split('.')[0]! : version;
  return `Red Hat:${name}${release === '' ? '' : `:${release}`}${/^el\d+$/.test(edition) ? `::${edition}` : ''}`;
}

function componentOf(reference: string, purl: string | undefined): Omit<Component, 'ecosystem'> | undefined {
  if (purl === undefined) {
    const [, name, evr, arch] = /^(.+)-(\d+:[^-:]+-[^-:]+)\.(\w+)$/.exec(reference) ?? [];
    if (name !== undefined) return { name, evr: evr!, arch: arch! };
    const [module, plain] = reference.includes('/') ? reference.split('/', 2) as [string, string] : [undefined, reference];
    return /^[\w.+~^-]+$/.test(plain) ? { name: plain.replace(/\.src$/, ''), ...(plain.endsWith('.src') ? { arch: 'src' } : {}), ...(module === undefined ? {} : { module }) } : undefined;
  }
  const [, name, version, query] = /^pkg:rpm\/redhat\/([^@?#]+)(?:@([^?#]+))?(?:\?([^#]*))?/.exec(purl) ?? [];
  if (name === undefined) return undefined;
  const qualifiers = new URLSearchParams((query ?? '').replaceAll('+', '%2B')), arch = qualifiers.get('arch'), module = qualifiers.get('rpmmod');
  return {
    name: decodeURIComponent(name), ...(version === undefined ? {} : { evr: `${qualifiers.get('epoch') ?? '0'}:${decodeURIComponent(version)}` }),
    ...(arch === null ? {} : { arch }), ...(module === null ? {} : { module }),
  };
}

function advisoryOf({ document }: Csaf, vulnerability: Vulnerability, resolve: (productId: string) => Component | undefined, source: string): Advisory {
  const { tracking } = document;
  if (!vulnerability.cve) throw invalid('record-id-unreadable', `${tracking.id}: a vulnerability without a CVE`);
  const severity = severityWord(document.aggregate_severity?.text), published = vulnerability.release_date ?? tracking.initial_release_date;
  return {
    id: vulnerability.cve, key: tracking.id === vulnerability.cve ? vulnerability.cve : `${vulnerability.cve}@${tracking.id}`, source,
    aliases: [], vulnerabilities: [],
    ...(vulnerability.title ? { title: firstLine(vulnerability.title) } : {}),
    ...(published ? { published } : {}), ...(tracking.current_release_date ? { modified: tracking.current_release_date } : {}),
    severities: scoresOf(vulnerability),
    ...(severity === undefined ? {} : { severity }),
    references: [...new Set((vulnerability.references ?? []).map(({ url }) => url))].slice(0, 8),
    affected: affectedOf(vulnerability, resolve),
  };
}

function affectedOf(vulnerability: Vulnerability, resolve: (productId: string) => Component | undefined): Affected[] {
  const impacts = byProduct((vulnerability.threats ?? []).filter(({ category }) => category === 'impact'));
  const remedies = byProduct((vulnerability.remediations ?? []).filter(({ category }) => category === 'no_fix_planned' || category === 'none_available'));
  const status = vulnerability.product_status ?? {}, found = new Map<string, Affected>(), fixed = new Set<string>(), binaries = new Set<string>();
  const place = ({ ecosystem, name, module }: Component) => `${ecosystem}\0${name}\0${module ?? ''}`;
  const each = (list: readonly string[] | undefined) => (list ?? []).flatMap((productId) => { const component = resolve(productId); return component === undefined ? [] : [{ productId, component }]; });
  const put = (productId: string, component: Component, more: Pick<Affected, 'status' | 'fix_state'> & Partial<Affected>, arch?: string) => {
    const severity = severityWord(impacts.get(productId));
    // A build lists its binaries; what has no build yet is named by its source.
    const names = component.evr !== undefined && component.arch !== 'src' ? 'binary' : 'source';
    const entry: Affected = { ecosystem: component.ecosystem, name: component.name, names, ...more, ...(severity === undefined ? {} : { severity }), ...(component.module === undefined ? {} : { module: component.module }) };
    const key = JSON.stringify(entry), same = found.get(key);
    if (same === undefined) found.set(key, arch === undefined ? entry : { ...entry, arches: [arch] });
    else if (arch === undefined) delete same.arches;
    else if (same.arches !== undefined && !same.arches.includes(arch)) same.arches.push(arch);
  };
  const fixes = each(status.fixed);
  for (const { component } of fixes) if (component.arch !== undefined && component.arch !== 'src') binaries.add(place(component));
  for (const { productId, component } of fixes) {
    fixed.add(place(component));
    if (component.arch === 'src' && binaries.has(place(component))) continue;
    if (component.evr === undefined) put(productId, component, { status: 'undetermined', fix_state: 'available', vendor_status: 'fixed in a version not named' });
    else put(productId, component, { status: 'affected', ranges: [{ fixed: component.evr }], fix_state: 'available' }, component.arch === 'src' ? undefined : component.arch);
  }
  for (const { productId, component } of each(status.known_affected)) {
    // The release as it first came stays listed beside the update that repairs it.
    if (fixed.has(place(component))) continue;
    const word = remedies.get(productId);
    put(productId, component, { status: 'affected', fix_state: fixStates[word ?? ''] ?? 'none-yet', ...(word === undefined ? {} : { vendor_status: word }) });
  }
  for (const { productId, component } of each(status.known_not_affected)) if (!fixed.has(place(component))) put(productId, component, { status: 'not-affected', fix_state: 'available' });
  for (const { productId, component } of each(status.under_investigation)) put(productId, component, { status: 'undetermined', fix_state: 'unknown', vendor_status: 'under_investigation' });
  return [...found.values()];
}

/** https://www.redhat.com/en/blog/vulnerability-exploitability-exchange-vex-beta-files-now-available, "remediations". */
const fixStates: Readonly<Record<string, Affected['fix_state']>> = { 'Will not fix': 'wont-fix', 'Out of support scope': 'end-of-life', Affected: 'none-yet', 'Fix deferred': 'none-yet' };

const byProduct = (list: readonly { details?: string | null | undefined; product_ids: readonly string[] }[]): ReadonlyMap<string, string> =>
  new Map(list.flatMap(({ details, product_ids }) => product_ids.map((one) => [one, details ?? ''] as const)));

function scoresOf({ scores }: Vulnerability): Scored[] {
  const vectors = [...new Set((scores ?? []).flatMap(({ cvss_v3: score }) => score?.vectorString ?? []))];
  return vectors.map((vector) => { try { return { type: 'CVSS_V3', vector, score: scoreCvss(vector).score }; } catch { return { type: 'CVSS_V3', vector }; } });
}
