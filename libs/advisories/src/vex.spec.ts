import { expect, it } from 'vitest';
import { bytesOf } from './feed.ts';
import { codeOf, hasShared, shared } from './feeds.spec-helper.ts';
import { recordsOf } from './records-of.ts';
import { readVex } from './vex.ts';

const openVex = (statement: object) => ({ '@context': 'https://openvex.dev/ns/v0.2.0', author: 'Acme', timestamp: '2026-01-02T00:00:00Z', statements: [statement] });

it('OpenVEX: products, parts of them, and the time of the statement or of its document', () => {
  const products = [{ '@id': 'pkg:oci/app', hashes: { 'sha-256': 'ab' }, subcomponents: [{ '@id': 'pkg:npm/a@1' }, { '@id': 'pkg:npm/a@1' }] }];
  expect(readVex(openVex({ vulnerability: { name: 'GO-2026-1', aliases: ['CVE-2026-0001'] }, products, status: 'not_affected', justification: 'component_not_present' }), 'f')).toEqual([
    { id: 'GO-2026-1', aliases: ['CVE-2026-0001'], products: ['pkg:oci/app', 'sha256:ab'], subcomponents: ['pkg:npm/a@1'], status: 'not_affected', justification: 'component_not_present', time: '2026-01-02T00:00:00Z', source: 'Acme' },
  ]);
});

it.each([['not_affected', 'not_affected'], ['false_positive', 'not_affected'], ['resolved', 'fixed'], ['exploitable', 'affected'], ['in_triage', 'under_investigation']])('CycloneDX: %s', (state, status) => {
  const document = { bomFormat: 'CycloneDX', components: [{ 'bom-ref': '1', purl: 'pkg:npm/a@1' }], vulnerabilities: [{ id: 'CVE-2026-0001', affects: [{ ref: '1' }], analysis: { state, justification: 'code_not_reachable' } }, { id: 'CVE-2026-0002' }] };
  expect(readVex(document, 'f')).toEqual([{ id: 'CVE-2026-0001', aliases: [], products: ['pkg:npm/a@1'], subcomponents: [], status, justification: 'code_not_reachable', source: 'f' }]);
});

it.each([[null], [{}], [{ '@context': 'https://elsewhere' }], [openVex({ vulnerability: 'CVE-2026-0001', status: 'maybe' })], [{ bomFormat: 'CycloneDX', vulnerabilities: [{ id: 'CVE-2026-0001', analysis: { state: 'maybe' } }] }]])('is refused: %j', async (document) => {
  expect(await codeOf(Promise.resolve().then(() => readVex(document, 'f')))).toBe('vex-unreadable');
});

it.skipIf(!hasShared)(`every document of the VEX hub${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
  // MANIFEST.md's 116 counts a manifest.json beside most documents.
  let documents = 0, statements = 0;
  for await (const record of recordsOf(shared('feeds/openvex-aquasecurity-vexhub.tar.zst'))) {
    const bytes = await bytesOf(record, 1 << 26);
    if (!/pkg\/.*\.json$/.test(record.name) || record.name.endsWith('/manifest.json')) continue;
    const found = readVex(JSON.parse(bytes.toString('utf8')), record.name);
    documents++;
    statements += found.length;
    for (const { products } of found) expect(products).not.toEqual([]);
  }
  expect([documents, statements]).toEqual([59, 15304]);
}, 30_000);
