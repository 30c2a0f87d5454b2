import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import type { Unbound, VexStatement } from './vex.ts';

const text = z.string().max(100_000), id = z.string().min(1).max(4_000);
const many = <T extends z.ZodType>(of: T) => z.array(of).max(1_000_000).nullish().transform((list) => list ?? []);
const Product = z.object({
  name: text, product_id: id,
  product_identification_helper: z.object({
    cpe: text.nullish(), purl: id.nullish(), purls: many(id),
    hashes: many(z.object({ file_hashes: many(z.object({ algorithm: z.string().max(50), value: z.string().max(1_000) })) })),
  }).nullish(),
});
type Product = z.output<typeof Product>;
const said = z.object({ details: text.nullish(), category: text.nullish(), label: text.nullish(), date: text.nullish(), product_ids: many(id), group_ids: many(id) });

/** What is read of CSAF 2.0 and 2.1 documents (https://docs.oasis-open.org/csaf/csaf/), whoever published them; branches are walked by hand, to a depth. */
export const Csaf = z.object({
  document: z.object({
    csaf_version: z.string(), publisher: z.object({ name: id }),
    tracking: z.object({ id, initial_release_date: text.nullish(), current_release_date: text.nullish() }),
  }),
  product_tree: z.object({
    branches: many(z.unknown()), full_product_names: many(Product), product_groups: many(z.object({ group_id: id, product_ids: many(id) })),
    relationships: many(z.object({ full_product_name: Product, product_reference: id, relates_to_product_reference: id })),
  }).nullish(),
  vulnerabilities: many(z.object({
    cve: id.nullish(), ids: many(z.object({ text: id })), title: text.nullish(),
    product_status: z.record(z.string(), many(id)).nullish(), flags: many(said), threats: many(said), remediations: many(said),
  })),
});
type Csaf = z.output<typeof Csaf>;
type Vulnerability = Csaf['vulnerabilities'][number];

/** Section 3.2.3.9: the lists of products that a vulnerability has. `unknown` of 2.1 says nothing. */
const statuses: Readonly<Record<string, VexStatement['status']>> = {
  fixed: 'fixed', first_fixed: 'fixed', recommended: 'fixed', known_affected: 'affected', first_affected: 'affected', last_affected: 'affected',
  known_not_affected: 'not_affected', under_investigation: 'under_investigation',
};

/** One product as statements name it: `parts` when the document speaks of a component of it. */
interface Named { readonly names: readonly string[]; readonly parts: readonly string[] }

/**
 * The statements of a CSAF document: one for each vulnerability, status, reason and component. A component of a product
 * (`default_component_of`) with a name of its own is a subcomponent when the product has one too, and else the product.
 * What has neither package URL nor hash is `unbound`.
 */
export function csafStatements(csaf: Csaf): { readonly statements: readonly VexStatement[]; readonly unbound: readonly Unbound[] } {
  const named = namesOf(csaf), groups = new Map((csaf.product_tree?.product_groups ?? []).map(({ group_id, product_ids }) => [group_id, product_ids]));
  const { publisher, tracking } = csaf.document, time = tracking.current_release_date ?? tracking.initial_release_date;
  const statements: VexStatement[] = [], unbound: Unbound[] = [];
  for (const vulnerability of csaf.vulnerabilities) {
    // Trackers' numbers (2149706) name nothing elsewhere.
    const ids = [...new Set([...vulnerability.cve ? [vulnerability.cve] : [], ...vulnerability.ids.map((one) => one.text).filter((one) => /^[A-Z][A-Z0-9]+-/i.test(one))])];
    if (ids[0] === undefined) throw invalid('vex-unreadable', `${tracking.id}: a vulnerability without a name`);
    const reasons = byProduct(vulnerability.flags, groups, ({ label }) => label), details = detailsOf(vulnerability, groups);
    const found = new Map<string, { statement: VexStatement; products: Set<string> }>();
    for (const [list, status] of Object.entries(statuses)) {
      const nameless: string[] = [];
      for (const productId of new Set(vulnerability.product_status?.[list] ?? [])) {
        const { names, parts, shown } = named(productId);
        if (names.length === 0) { nameless.push(shown); continue; }
        const justification = status === 'not_affected' ? reasons.get(productId) : undefined, detail = details.get(productId)?.[status];
        const key = JSON.stringify([status, justification, detail, parts]), same = found.get(key);
        if (same !== undefined) { for (const name of names) same.products.add(name); continue; }
        found.set(key, { products: new Set(names), statement: {
          id: ids[0], aliases: ids.slice(1), products: [], subcomponents: [...parts], status,
          ...(justification ? { justification } : {}), ...(detail ? { detail } : {}), ...(time ? { time } : {}), source: publisher.name,
        } });
      }
      if (nameless.length > 0) unbound.push({ id: ids[0], status, products: nameless });
    }
    for (const { statement, products } of found.values()) statements.push({ ...statement, products: [...products] });
  }
  return { statements, unbound };
}

function namesOf(csaf: Csaf): (productId: string) => Named & { readonly shown: string } {
  const products = new Map<string, Product>(), tree = csaf.product_tree;
  for (const branch of tree?.branches ?? []) walk(branch, products, 0);
  for (const one of tree?.full_product_names ?? []) products.set(one.product_id, one);
  const relations = new Map((tree?.relationships ?? []).map((one) => [one.full_product_name.product_id, one]));
  const own = (product: Product | undefined): string[] => {
    const helper = product?.product_identification_helper;
    return [...new Set([...helper?.purl ? [helper.purl] : [], ...helper?.purls ?? [], ...(helper?.hashes ?? []).flatMap(({ file_hashes }) => file_hashes.map(({ algorithm, value }) => `${algorithm.toLowerCase().replace(/^sha-?/, 'sha')}:${value.toLowerCase()}`))])];
  };
  const named = (productId: string, depth: number): Named => {
    const relation = relations.get(productId);
    if (relation === undefined || depth > 8) return { names: own(products.get(productId)), parts: [] };
    const whole = own(relation.full_product_name), part = named(relation.product_reference, depth + 1).names, around = named(relation.relates_to_product_reference, depth + 1);
    if (whole.length > 0) return { names: whole, parts: [] };
    return around.names.length > 0 && part.length > 0 ? { names: around.names, parts: part } : { names: part, parts: [] };
  };
  return (productId) => {
    const product = products.get(productId) ?? relations.get(productId)?.full_product_name;
    if (product === undefined) throw invalid('vex-unreadable', `${csaf.document.tracking.id}: the product tree lacks ${productId}`);
    return { ...named(productId, 0), shown: product.product_identification_helper?.cpe ?? product.name };
  };
}

const Branch = z.object({ product: Product.nullish(), branches: many(z.unknown()) });

function walk(node: unknown, products: Map<string, Product>, depth: number): void {
  if (depth > 32) throw invalid('vex-unreadable', 'the product tree has branches more than 32 deep');
  const parsed = Branch.safeParse(node);
  if (!parsed.success) throw invalid('vex-unreadable', `the product tree has a branch that cannot be read: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  const { product, branches } = parsed.data;
  if (product) products.set(product.product_id, product);
  for (const branch of branches) walk(branch, products, depth + 1);
}

type Groups = ReadonlyMap<string, readonly string[]>;

function byProduct(list: readonly z.output<typeof said>[], groups: Groups, of: (one: z.output<typeof said>) => string | null | undefined): Map<string, string> {
  const found = new Map<string, string>();
  for (const one of list) {
    const value = of(one);
    if (value) for (const productId of [...one.product_ids, ...one.group_ids.flatMap((group) => groups.get(group) ?? [])]) if (!found.has(productId)) found.set(productId, value);
  }
  return found;
}

/** Why not (the threat of category `impact`), and what to do (the remediation), as the status asks for. */
function detailsOf({ threats, remediations }: Vulnerability, groups: Groups): ReadonlyMap<string, Partial<Record<VexStatement['status'], string>>> {
  const impacts = byProduct(threats.filter(({ category }) => category === 'impact'), groups, ({ details }) => details), actions = byProduct(remediations, groups, ({ details }) => details);
  return new Map([...new Set([...impacts.keys(), ...actions.keys()])].map((productId) => {
    const impact = impacts.get(productId), action = actions.get(productId);
    return [productId, { ...(impact ? { not_affected: impact } : {}), ...(action ? { affected: action, fixed: action } : {}) }] as const;
  }));
}
