import { Problem } from '@plimsoll/problem';
import { z } from 'zod';
import { Csaf, csafStatements } from './csaf-statements.ts';
import { decodeJson, eachDocument } from './documents.ts';
import { type FeedRecord, type ParseContext, rejected } from './feed.ts';

/** What a supplier says of one vulnerability in some products, whatever the format it was written in. */
export const VexStatement = z.object({
  id: z.string().min(1),
  aliases: z.array(z.string()),
  /** Package URLs, image digests or other names, as written. None is meant by a statement about the subject of an SBOM. */
  products: z.array(z.string()),
  /** Parts of the products that the statement is about; without any, the products themselves. */
  subcomponents: z.array(z.string()),
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  /** The format's own word: `vulnerable_code_not_present`, `code_not_reachable`. */
  justification: z.string().optional(),
  /** The supplier's reasoning in words. */
  detail: z.string().optional(),
  /** RFC 3339; the later of two statements about the same counts. */
  time: z.string().optional(),
  /** Who says so, or which document. */
  source: z.string().min(1),
});
export type VexStatement = z.output<typeof VexStatement>;

const text = z.string().max(100_000), name = z.string().min(1).max(4_000);
const Component = z.object({ '@id': name.nullish(), identifiers: z.record(z.string(), name).nullish(), hashes: z.record(z.string(), name).nullish() });
const Product = Component.extend({ subcomponents: z.array(Component).max(100_000).nullish() });
const vulnerabilityName = z.union([name.transform((one) => ({ name: one, aliases: undefined })), z.object({ name, aliases: z.array(name).nullish() })]);

/** https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md (0.2.0). */
const OpenVex = z.object({
  '@context': name.regex(/^https:\/\/openvex\.dev\/ns/), '@id': name.nullish(), author: text.nullish(), timestamp: text.nullish(),
  statements: z.array(z.object({
    vulnerability: vulnerabilityName, timestamp: text.nullish(), last_updated: text.nullish(), products: z.array(Product).max(100_000).nullish(),
    status: VexStatement.shape.status, justification: text.nullish(), impact_statement: text.nullish(), action_statement: text.nullish(),
  })).max(1_000_000),
});

/** https://cyclonedx.org/docs/1.6/json/#vulnerabilities; an analysis is what makes an SBOM's vulnerability a statement. */
const CycloneDx = z.object({
  bomFormat: z.literal('CycloneDX'), serialNumber: name.nullish(), metadata: z.object({ timestamp: text.nullish() }).nullish(),
  components: z.array(z.object({ 'bom-ref': name.nullish(), purl: name.nullish() })).nullish(),
  vulnerabilities: z.array(z.object({
    id: name, references: z.array(z.object({ id: name })).nullish(), updated: text.nullish(), published: text.nullish(),
    analysis: z.object({ state: text.nullish(), justification: text.nullish(), detail: text.nullish() }).nullish(), affects: z.array(z.object({ ref: name })).nullish(),
  })).nullish(),
});

/** A statement whose products are none that an image could hold: neither package URL nor digest. `products` are what they are called. */
export interface Unbound { readonly id: string; readonly status: VexStatement['status']; readonly products: readonly string[] }

/** The statements of an OpenVEX, CycloneDX or CSAF document, or Problem `vex-unreadable` saying which fields are wrong; `file` names a document that has no name of its own. */
export const readVex = (document: unknown, file: string): VexStatement[] => [...statementsOf(document, file).statements];

/** What a parser of suppliers' statements makes of a document; `key` is unique within the publication and stable. */
export type StatementReading = { readonly kind: 'statement'; readonly key: string; readonly statement: VexStatement } | ReturnType<typeof rejected>;
export type StatementParser = (records: AsyncIterable<FeedRecord>, context: ParseContext) => AsyncIterable<StatementReading>;

/** Reads VEX documents, a JSON file each. A statement that is bound to nothing is set aside as `statement-unbound`; JSON of other kinds (a hub's index) is passed over. */
export const parseVex: StatementParser = (records, context) => eachDocument(records, context, /\.json$/i, function* (name, bytes) {
  const document = decodeJson(name, bytes);
  if (!isVex(document)) return;
  const { statements, unbound } = statementsOf(document, name);
  for (const [place, statement] of statements.entries()) {
    if (statement.products.length > 0 && !statement.products.some(isBound)) yield aside(name, statement);
    else yield { kind: 'statement', key: `${name}#${place}`, statement } as const;
  }
  for (const one of unbound) yield aside(name, one);
  if (statements.length === 0 && unbound.length === 0) yield rejected(name, new Problem('invalid', `${name} says nothing of any product`, { code: 'record-no-statement' }), bytes);
});

const isVex = (document: unknown): boolean => typeof document === 'object' && document !== null
  && (('statements' in document && '@context' in document) || 'bomFormat' in document || ('document' in document && typeof document.document === 'object' && document.document !== null && 'csaf_version' in document.document));

/** A package URL, or the digest of a file or image. */
const isBound = (name: string): boolean => /^pkg:|(?:^|@)(?:sha(?:1|256|384|512)|md5|blake2b?-?\d*):[0-9a-f]{32,}$/i.test(name);

const aside = (name: string, { id, status, products }: Unbound): StatementReading =>
  rejected(`${name} ${id}`, new Problem('invalid', `${id} ${status}: ${products.length === 1 ? 'the product' : `${products.length} products`} can be bound to no package or image: ${products.slice(0, 3).join(', ')}`.slice(0, 1_000), { code: 'statement-unbound' }), products.join('\n'));

function statementsOf(document: unknown, file: string): { readonly statements: readonly VexStatement[]; readonly unbound: readonly Unbound[] } {
  if (typeof document === 'object' && document !== null && 'bomFormat' in document) return { statements: cycloneDx(parsed(CycloneDx, document, file), file), unbound: [] };
  if (typeof document === 'object' && document !== null && 'document' in document) return csafStatements(parsed(Csaf, document, file));
  return { statements: openVex(parsed(OpenVex, document, file), file), unbound: [] };
}

function openVex(document: z.output<typeof OpenVex>, file: string): VexStatement[] {
  return document.statements.map((one) => {
    const products = one.products ?? [], time = one.last_updated ?? one.timestamp ?? document.timestamp, detail = one.impact_statement ?? one.action_statement;
    return {
      id: one.vulnerability.name, aliases: [...one.vulnerability.aliases ?? []],
      products: unique(products.flatMap(names)), subcomponents: unique(products.flatMap(({ subcomponents }) => subcomponents ?? []).flatMap(names)), status: one.status,
      ...(one.justification ? { justification: one.justification } : {}), ...(detail ? { detail } : {}), ...(time ? { time } : {}), source: document.author || document['@id'] || file,
    };
  });
}

const names = (one: z.output<typeof Component>): string[] => [one['@id'], ...Object.values(one.identifiers ?? {}), ...Object.entries(one.hashes ?? {}).map(([algorithm, hash]) => `${algorithm.replace('sha-', 'sha')}:${hash}`)].flatMap((each) => each ?? []);
const unique = (list: readonly string[]): string[] => [...new Set(list)];

const states: Readonly<Record<string, VexStatement['status']>> = {
  resolved: 'fixed', resolved_with_pedigree: 'fixed', exploitable: 'affected', in_triage: 'under_investigation', false_positive: 'not_affected', not_affected: 'not_affected',
};

function cycloneDx(document: z.output<typeof CycloneDx>, file: string): VexStatement[] {
  const purls = new Map((document.components ?? []).flatMap(({ 'bom-ref': ref, purl }) => ref && purl ? [[ref, purl] as const] : []));
  return (document.vulnerabilities ?? []).flatMap((one) => {
    const { state, justification, detail } = one.analysis ?? {}, time = one.updated ?? document.metadata?.timestamp;
    if (!state) return [];
    if (!Object.hasOwn(states, state)) throw new Problem('invalid', `${file}: ${one.id} has the state '${state.slice(0, 100)}', which is not known`, { code: 'vex-unreadable' });
    return [{
      id: one.id, aliases: unique((one.references ?? []).map(({ id }) => id)).filter((id) => id !== one.id),
      products: unique((one.affects ?? []).map(({ ref }) => purls.get(ref) ?? ref)), subcomponents: [], status: states[state]!,
      ...(justification ? { justification } : {}), ...(detail ? { detail } : {}), ...(time ? { time } : {}), source: document.serialNumber ?? file,
    }];
  });
}

function parsed<T extends z.ZodType>(schema: T, document: unknown, file: string): z.output<T> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const errors = result.error.issues.slice(0, 5).map((issue) => ({ where: issue.path.join('.'), what: issue.message }));
  throw new Problem('invalid', `${file} is no VEX document that can be read: ${errors.map(({ where, what }) => `${where}: ${what}`).join('; ')}`, { code: 'vex-unreadable', errors });
}
