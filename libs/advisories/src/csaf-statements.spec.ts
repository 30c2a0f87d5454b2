import { expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { all, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { recordsOf } from './records-of.ts';
import { parseVex, readVex, type StatementReading } from './vex.ts';

const statements = (readings: readonly StatementReading[]) => readings.flatMap((reading) => reading.kind === 'statement' ? [reading.statement] : []);
const csaf = (product_tree: object, vulnerability: object) => ({
  document: { category: 'csaf_vex', csaf_version: '2.0', publisher: { name: 'Acme' }, tracking: { id: 'ACME-1', current_release_date: '2026-01-02T00:00:00Z' } },
  product_tree, vulnerabilities: [{ cve: 'CVE-2026-0001', ...vulnerability }],
});
const product = (product_id: string, helper?: object) => ({ name: `Product ${product_id}`, product_id, ...(helper ? { product_identification_helper: helper } : {}) });
const library = product('lib', { purl: 'pkg:npm/left@1.0.0' }), image = product('image', { purl: 'pkg:oci/app@sha256%3Aab' }), device = product('device', { cpe: 'cpe:/h:acme:door' });
const read = (document: unknown) => readVex(document, 'f');

it('products are named by package URL and hash, in branches, alone, and in groups', () => {
  const tree = { branches: [{ branches: [{ product: product('a', { purl: 'pkg:npm/a@1' }) }] }], full_product_names: [product('b', { purls: ['pkg:npm/b@1'], hashes: [{ file_hashes: [{ algorithm: 'SHA-256', value: 'AB' }] }] })], product_groups: [{ group_id: 'g', product_ids: ['a', 'b'] }] };
  expect(read(csaf(tree, { product_status: { known_not_affected: ['a', 'b'], fixed: [] }, flags: [{ label: 'component_not_present', group_ids: ['g'] }], threats: [{ category: 'impact', details: 'It is not there.', product_ids: ['a', 'b'] }] }))).toEqual([
    { id: 'CVE-2026-0001', aliases: [], products: ['pkg:npm/a@1', 'pkg:npm/b@1', 'sha256:ab'], subcomponents: [], status: 'not_affected', justification: 'component_not_present', detail: 'It is not there.', time: '2026-01-02T00:00:00Z', source: 'Acme' },
  ]);
});

it.each<[string, object, object]>([
  ['a component of an image', { full_product_names: [library, image], relationships: [{ full_product_name: product('both'), product_reference: 'lib', relates_to_product_reference: 'image' }] }, { products: ['pkg:oci/app@sha256%3Aab'], subcomponents: ['pkg:npm/left@1.0.0'] }],
  ['a component of what has no name', { full_product_names: [library, device], relationships: [{ full_product_name: product('both'), product_reference: 'lib', relates_to_product_reference: 'device' }] }, { products: ['pkg:npm/left@1.0.0'], subcomponents: [] }],
  ['a combination with a name of its own', { full_product_names: [library, image], relationships: [{ full_product_name: product('both', { purl: 'pkg:generic/both' }), product_reference: 'lib', relates_to_product_reference: 'image' }] }, { products: ['pkg:generic/both'], subcomponents: [] }],
])('%s', (_, tree, expected) => {
  expect(read(csaf(tree, { product_status: { known_not_affected: ['both'] } }))).toMatchObject([expected]);
});

it.each([['fixed', 'fixed'], ['first_fixed', 'fixed'], ['recommended', 'fixed'], ['known_affected', 'affected'], ['last_affected', 'affected'], ['known_not_affected', 'not_affected'], ['under_investigation', 'under_investigation']])('%s means %s', (list, status) => {
  expect(read(csaf({ full_product_names: [library] }, { product_status: { [list]: ['lib'] }, remediations: [{ category: 'vendor_fix', details: 'Update.', product_ids: ['lib'] }] })))
    .toMatchObject([{ status, ...(['fixed', 'affected'].includes(status) ? { detail: 'Update.' } : {}) }]);
});

it('what is bound to no package is set aside by name, and what is bound beside it stays', async () => {
  const document = csaf({ full_product_names: [library, device] }, { product_status: { known_affected: ['lib', 'device'] } });
  const readings = await all(parseVex(records(record('a.json', JSON.stringify(document))), { source: 'vex', limits: defaultFeedLimits }));
  expect(statements(readings)).toMatchObject([{ products: ['pkg:npm/left@1.0.0'] }]);
  expect(problems(readings as never)).toEqual(['statement-unbound a.json CVE-2026-0001']);
});

it.each<[string, unknown, string]>([
  ['a product that is not there', csaf({}, { product_status: { fixed: ['nowhere'] } }), 'vex-unreadable'],
  ['a vulnerability without a name', csaf({ full_product_names: [library] }, { cve: null, product_status: { fixed: ['lib'] } }), 'vex-unreadable'],
  ['nothing said', csaf({ full_product_names: [library] }, { product_status: {} }), 'record-no-statement'],
  ['branches without end', csaf({ branches: [Array.from({ length: 40 }).reduce<object>((inner) => ({ branches: [inner] }), {})] }, {}), 'vex-unreadable'],
  ['text cut short', '{"document": {"csaf_version": "2.0"', 'record-truncated'],
])('%s is set aside', async (_, document, code) => {
  const readings = await all(parseVex(records(record('a.json', typeof document === 'string' ? document : JSON.stringify(document))), { source: 'vex', limits: defaultFeedLimits }));
  expect(problems(readings as never)).toEqual([`${code} a.json`]);
});

it.skipIf(!hasShared)(`every document of CISA's, and the examples of the standard${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
  const counts = async (path: string) => {
    const documents = new Set<string>(), found: Record<string, number> = {};
    for await (const reading of parseVex(recordsOf(path), { source: 'vex', limits: defaultFeedLimits })) {
      documents.add(reading.kind === 'statement' ? reading.key.split('#')[0]! : reading.record.split(' ')[0]!);
      const what = reading.kind === 'statement' ? reading.statement.status : reading.problem.code!;
      found[what] = (found[what] ?? 0) + 1;
    }
    return { documents: documents.size, ...found };
  };
  // Devices, nearly all; one names firmware by its hash. Of the manifest's 349 files one is a ROLIE feed, a list of the others.
  expect(await counts(shared('feeds/csaf-cisa-2024.tar.zst'))).toEqual({ documents: 348, affected: 2, fixed: 1, 'statement-unbound': 1_473 });
  expect(await counts(shared('../oracles/sbom-vex/csaf'))).toMatchObject({ documents: 19, 'statement-unbound': 73 });
}, 60_000);
