import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected, Scored } from './advisory.ts';
import { scoreCvss } from './cvss.ts';
import { type Component, type Product, publisherOf } from './csaf-publishers.ts';
import { bytesOf, notJson, type Parser, type Reading, rejected } from './feed.ts';
import { firstLine, severityWord } from './words.ts';

const id = z.string().max(2_000);
const ids = z.array(id).nullish().transform((list) => list ?? []);
const ProductShape = z.object({ name: z.string(), product_id: id, product_identification_helper: z.object({ cpe: z.string().max(500).nullish(), purl: z.string().max(2_000).nullish() }).nullish() });

/** What is read of a CSAF 2.0 document, https://docs.oasis-open.org/csaf/csaf/v2.0/; branches are walked by hand, to a depth. */
const Csaf = z.object({
  document: z.object({
    category: z.string(), csaf_version: z.string(), publisher: z.object({ name: z.string() }),
    tracking: z.object({ id, initial_release_date: z.string().nullish(), current_release_date: z.string().nullish() }),
    aggregate_severity: z.object({ text: z.string() }).nullish(),
  }),
  product_tree: z.object({
    branches: z.array(z.unknown()).nullish(),
    relationships: z.array(z.object({ full_product_name: ProductShape, product_reference: id, relates_to_product_reference: id })).nullish(),
  }).nullish(),
  vulnerabilities: z.array(z.object({
    cve: z.string().nullish(), title: z.string().nullish(), release_date: z.string().nullish(),
    product_status: z.object({ fixed: ids, first_fixed: ids, recommended: ids, known_affected: ids, known_not_affected: ids, under_investigation: ids }).partial().nullish(),
    remediations: z.array(z.object({ category: z.string(), details: z.string().nullish(), product_ids: ids })).nullish(),
    threats: z.array(z.object({ category: z.string(), details: z.string(), product_ids: ids })).nullish(),
    scores: z.array(z.object({ cvss_v3: z.object({ vectorString: z.string().max(500) }).nullish() })).nullish(),
    references: z.array(z.object({ url: z.string() })).nullish(),
  })).nullish(),
});
type Csaf = z.output<typeof Csaf>;
type Vulnerability = NonNullable<Csaf['vulnerabilities']>[number];

/**
 * Reads CSAF documents of distributions (VEX and security advisories), one advisory per document and CVE; whose they are
 * and how they name products and packages is in `csaf-publishers.ts`. Containers, language packages and whole products
 * are no distribution packages and left out. Fixes name binary packages, and sources where nothing was built.
 */
export const parseCsaf: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.json$/i.test(record.name)) continue;
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      yield* csafReadings(decode(record.name, bytes), record.name, source);
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
};

/** What a document says, one advisory for each vulnerability. Throws Problem `record-…` for one that cannot be read at all. */
export function* csafReadings(document: unknown, name: string, source: string): Generator<Reading> {
  const parsed = Csaf.safeParse(document);
  if (!parsed.success) throw invalid('record-not-csaf', `not a CSAF document: ${parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
  const csaf = parsed.data, { publisher, tracking } = csaf.document;
  if (publisherOf(publisher.name) === undefined) throw invalid('record-other-publisher', `${name} is by '${publisher.name.slice(0, 100)}', who publishes no distribution known here`);
  const resolve = packagesOf(csaf), vulnerabilities = csaf.vulnerabilities ?? [];
  if (vulnerabilities.length === 0) throw invalid('record-no-vulnerability', `${tracking.id} says nothing of any vulnerability`);
  for (const vulnerability of vulnerabilities) {
    try {
      yield { kind: 'advisory', advisory: advisoryOf(csaf, vulnerability, resolve, source) };
    } catch (error) {
      yield rejected(`${name} ${vulnerability.cve ?? ''}`.trimEnd(), error);
    }
  }
}

function decode(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const problem = notJson(name, bytes, error);
    throw invalid((problem.code ?? '').replace('feed-', 'record-').replace('record-not-json', 'record-malformed'), problem.detail, error);
  }
}

/** What a product id means: undefined for what is no rpm of a product. Problem `record-product-unknown` for an id the tree lacks. */
function packagesOf(csaf: Csaf): (productId: string) => Component | undefined {
  const products = new Map<string, Product>(), publisher = publisherOf(csaf.document.publisher.name)!;
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
    const ecosystem = publisher.ecosystemOf(product.product_identification_helper?.cpe ?? '', product.name), found = publisher.componentOf(reference, products.get(reference)?.product_identification_helper?.purl ?? undefined);
    if (ecosystem === undefined || found === undefined) return undefined;
    const stream = found.module ?? module;
    return { ecosystem, name: found.name, ...(found.evr === undefined ? {} : { evr: found.evr }), ...(found.arch === undefined ? {} : { arch: found.arch }), ...(stream?.includes(':') ? { module: stream.split(':').slice(0, 2).join(':') } : {}) };
  };
}

const Branch = z.object({ product: ProductShape.nullish(), branches: z.array(z.unknown()).nullish() });

function walk(node: unknown, products: Map<string, Product>, depth: number): void {
  if (depth > 32) throw invalid('record-too-deep', 'the product tree has branches more than 32 deep');
  const { product, branches } = Branch.parse(node);
  if (product) products.set(product.product_id, product);
  for (const branch of branches ?? []) walk(branch, products, depth + 1);
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
    affected: affectedOf(vulnerability, resolve, publisherOf(document.publisher.name)!.plainNames),
  };
}

function affectedOf(vulnerability: Vulnerability, resolve: (productId: string) => Component | undefined, plainNames: 'source' | 'binary'): Affected[] {
  const threats = (vulnerability.threats ?? []).filter(({ category }) => category === 'impact'), impacts = byProduct(threats);
  // Said of no product in particular, it is said of all.
  const impact = threats.find(({ product_ids: products }) => products.length === 0)?.details;
  const remedies = byProduct((vulnerability.remediations ?? []).filter(({ category }) => category === 'no_fix_planned' || category === 'none_available'));
  const refused = byProduct((vulnerability.remediations ?? []).filter(({ category }) => category === 'no_fix_planned'));
  const status = vulnerability.product_status ?? {}, found = new Map<string, Affected>(), fixed = new Set<string>(), binaries = new Set<string>();
  /** Builds of one update share their version; what they were built from is named by it too, and adds nothing to them. */
  const build = ({ ecosystem, module, evr }: Component) => `${ecosystem}\0${module ?? ''}\0${evr ?? ''}`;
  const place = ({ ecosystem, name, module }: Component) => `${ecosystem}\0${name}\0${module ?? ''}`;
  const each = (list: readonly string[] | undefined) => (list ?? []).flatMap((productId) => { const component = resolve(productId); return component === undefined ? [] : [{ productId, component }]; });
  const put = (productId: string, component: Component, more: Pick<Affected, 'status' | 'fix_state'> & Partial<Affected>, arch?: string) => {
    const severity = severityWord(impacts.get(productId) ?? impact);
    // A build lists its binaries; what has no build yet is named as the publisher does.
    const names = component.arch === 'src' ? 'source' : component.evr !== undefined ? 'binary' : plainNames;
    const entry: Affected = { ecosystem: component.ecosystem, name: component.name, names, ...more, ...(severity === undefined ? {} : { severity }), ...(component.module === undefined ? {} : { module: component.module }) };
    const key = JSON.stringify(entry), same = found.get(key);
    if (same === undefined) found.set(key, arch === undefined ? entry : { ...entry, arches: [arch] });
    else if (arch === undefined) delete same.arches;
    else if (same.arches !== undefined && !same.arches.includes(arch)) same.arches.push(arch);
  };
  const fixes = each([...status.fixed ?? [], ...status.first_fixed ?? [], ...status.recommended ?? []]);
  for (const { component } of fixes) if (component.arch !== undefined && component.arch !== 'src') binaries.add(build(component));
  for (const { productId, component } of fixes) {
    fixed.add(place(component));
    if (component.arch === 'src' && binaries.has(build(component))) continue;
    if (component.evr === undefined) put(productId, component, { status: 'undetermined', fix_state: 'available', vendor_status: 'fixed in a version not named' });
    else put(productId, component, { status: 'affected', ranges: [{ fixed: component.evr }], fix_state: 'available' }, component.arch === 'src' ? undefined : component.arch);
  }
  for (const { productId, component } of each(status.known_affected)) {
    // The release as it first came stays listed beside the update that repairs it.
    if (fixed.has(place(component))) continue;
    const word = remedies.get(productId);
    put(productId, component, { status: 'affected', fix_state: fixStates[word ?? ''] ?? (refused.has(productId) ? 'wont-fix' : 'none-yet'), ...(word === undefined ? {} : { vendor_status: word }) });
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
