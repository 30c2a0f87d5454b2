import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Enrichment, VexStatement } from '@plimsoll/advisories';
import type { Inventory, Package } from '@plimsoll/inventory';
import { afterAll, describe, expect, it } from 'vitest';
import { type AdvisoryIndex, indexOf } from './advisory-index.ts';
import { buildDatabase, type Content } from './build-database.ts';
import { openDatabase } from './database-file.ts';
import { match } from './match.ts';
import { aPackage, anAdvisory, anInventory } from './samples.spec-helper.ts';
import { explain, whyNot } from './why.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-knowledge-'));
afterAll(() => rmSync(directory, { recursive: true }));

const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', v2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P', v4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N';
const about = (source: string, more: Partial<Enrichment>): Enrichment => ({ cve: 'CVE-2026-1001', source, severities: [], ...more });
const left = aPackage('npm', 'left-pad', '1.0.0', { locations: [{ path: 'app/node_modules/left-pad/package.json' }] });
const advisory = anAdvisory('GHSA-1', { name: 'left-pad' }, { aliases: ['CVE-2026-1001'] });

/** The same from memory and from a file. */
async function findingsOf(enrichments: readonly Enrichment[], vex: readonly VexStatement[] = [], inventory: Pick<Inventory, 'os' | 'packages'> & Partial<Pick<Inventory, 'target'>> = anInventory([left])) {
  const path = join(directory, 'one.db');
  const contents: Content[] = [...enrichments.map((enrichment) => ({ kind: 'enrichment', enrichment }) as const), { kind: 'advisory', advisory }, ...vex.map((statement) => ({ kind: 'statement', statement }) as const)];
  await buildDatabase(contents, path, () => ({ revision: '1', built: '2026-01-01T00:00:00Z', sources: [] }));
  using database = openDatabase(path);
  const memory = match(inventory, indexOf([advisory], '1', { enrichments, vex }));
  expect(match(inventory, database)).toEqual(memory);
  return memory;
}

describe('what is known of a CVE besides', () => {
  it('is in its findings: every score with its giver, EPSS of the newest day, the catalogue of the exploited, decision points', async () => {
    const { findings: [finding] } = await findingsOf([
      about('nvd', { severities: [{ type: 'CVSS_V3', vector: v31, score: 9.8, by: 'nvd@nist.gov' }, { type: 'CVSS_V2', vector: v2, score: 7.5, by: 'nvd@nist.gov' }], kev: { added: '2026-01-02' } }),
      about('cve5', { severities: [{ type: 'CVSS_V4', vector: v4, score: 9.3, by: 'acme' }], ssvc: { exploitation: 'active' }, disputed: true }),
      about('epss', { epss: { score: 0.1, date: '2026-01-01' } }), about('epss', { epss: { score: 0.9, percentile: 0.99, date: '2026-02-01' } }),
      about('cisa-kev', { kev: { added: '2026-01-03', due: '2026-01-24', ransomware: true } }),
    ]);
    expect(finding).toMatchObject({
      id: 'CVE-2026-1001', severity: 'critical', score: 9.3, vector: v4, epss: { score: 0.9, percentile: 0.99 }, kev: { added: '2026-01-03', due: '2026-01-24', ransomware: true }, ssvc: { exploitation: 'active' }, disputed: true,
      scores: [{ version: '4.0', by: 'acme' }, { version: '3.1', by: 'nvd@nist.gov' }, { version: '2.0', score: 7.5 }],
    });
    const text = explain(finding!);
    for (const part of ['CVSS 4.0', '9.3 by acme', '90.00 % within 30 days', 'since 2026-01-03', 'used for ransomware', 'exploitation: active', 'no vulnerability']) expect(text).toContain(part);
  });

  it.each<[string, Partial<Enrichment>[], object]>([
    ['taken back: shown, not counted', [{ source: 'nvd', rejected: true }], { suppressed: 'rejected' }],
    ['taken back by NVD, and valid for the CVE list, which counts', [{ source: 'nvd', rejected: true }, { source: 'cve5' }], { suppressed: undefined }],
    ['CVSS 2 alone knows no critical', [{ source: 'nvd', severities: [{ type: 'CVSS_V2', vector: v2, score: 10 }] }], { severity: 'high', score: 10 }],
  ])('%s', async (_, enrichments, expected) => {
    const { findings: [finding], summary } = await findingsOf(enrichments.map((one) => about(one.source!, one)));
    expect({ suppressed: undefined, ...finding }).toMatchObject(expected);
    expect(summary.total + (summary.suppressed ?? 0)).toBe(1);
    expect(summary.total).toBe(finding!.suppressed === undefined ? 1 : 0);
  });

  it("does not change the vendor's word", () => {
    const index = indexOf([anAdvisory('CVE-2026-1001', { ecosystem: 'Debian:12', name: 'bash', severity: 'low' })], '1', { enrichments: [about('nvd', { severities: [{ type: 'CVSS_V3', vector: v31, score: 9.8 }] })] });
    expect(match(anInventory([aPackage('deb', 'bash', '5.0-1')]), index).findings).toMatchObject([{ severity: 'low', score: 9.8, scores: [{ by: 'nvd' }] }]);
  });
});

describe('what suppliers say', () => {
  const says = (more: Partial<VexStatement>): VexStatement => ({ id: 'CVE-2026-1001', aliases: [], products: ['pkg:npm/left-pad'], subcomponents: [], status: 'not_affected', source: 'Acme', ...more });
  const image = { target: { kind: 'image', reference: 'registry.example/team/app:1.2', digest: `sha256:${'a'.repeat(64)}`, layers: [] } } as const;
  const program = aPackage('golang', 'example.org/program', 'v1.0.0', { locations: [{ path: 'usr/bin/program' }] });
  it.each<[string, Partial<VexStatement>[], string | undefined]>([
    ['of the package', [{}], 'vex'],
    ['of this version of it', [{ products: ['pkg:npm/left-pad@1.0.0'] }], 'vex'],
    ['of another version', [{ products: ['pkg:npm/left-pad@1.0.1'] }], undefined],
    ['of another package', [{ products: ['pkg:npm/right-pad'] }], undefined],
    ['of a package of that name in a scope', [{ products: ['pkg:npm/%40acme/left-pad'] }], undefined],
    ['by another name of the vulnerability', [{ id: 'GHSA-1' }], 'vex'],
    ['by an alias', [{ id: 'ACME-1', aliases: ['CVE-2026-1001'] }], 'vex'],
    ['once, though it gives two of its names', [{ id: 'CVE-2026-1001', aliases: ['GHSA-1'] }], 'vex'],
    ['of another vulnerability', [{ id: 'CVE-2026-1002' }], undefined],
    ['of the image, by its digest', [{ products: [`sha256:${'a'.repeat(64)}`] }], 'vex'],
    ['of the image, by repository and tag', [{ products: ['pkg:oci/app?repository_url=registry.example/team&tag=1.2'] }], 'vex'],
    ['of another tag', [{ products: ['pkg:oci/app?repository_url=registry.example/team&tag=1.3'] }], undefined],
    ['of another digest', [{ products: [`pkg:oci/app@sha256%3A${'b'.repeat(64)}`] }], undefined],
    ['of the package inside the image', [{ products: [`pkg:oci/app@sha256%3A${'a'.repeat(64)}`], subcomponents: ['pkg:npm/left-pad'] }], 'vex'],
    ['of another package inside the image', [{ products: [`pkg:oci/app@sha256%3A${'a'.repeat(64)}`], subcomponents: ['pkg:npm/right-pad'] }], undefined],
    ['of the package inside a program that is elsewhere', [{ products: ['pkg:golang/example.org/program'], subcomponents: ['pkg:npm/left-pad'] }], undefined],
    ['that it is affected', [{ status: 'affected' }], undefined],
    ['the later one counts', [{ time: '2026-01-01T00:00:00Z' }, { status: 'affected', time: '2026-02-01T00:00:00Z' }], undefined],
    ['however they are ordered', [{ status: 'affected', time: '2026-01-01T00:00:00Z' }, { status: 'fixed', time: '2026-02-01T00:00:00Z' }], 'vex'],
    ['in doubt it is shown', [{}, { status: 'affected' }], undefined],
  ])('%s', async (_, statements, suppressed) => {
    const { findings: [finding], summary } = await findingsOf([], statements.map(says), { ...anInventory([left, program]), ...image });
    expect(finding!.suppressed).toBe(suppressed);
    expect(finding!.vex?.length ?? 0).toBeLessThanOrEqual(statements.length);
    expect(finding!.state).toBe('affected');
    expect([summary.total, summary.suppressed ?? 0]).toEqual(suppressed === undefined ? [1, 0] : [0, 1]);
  });

  it('of a module inside a program, where both are one file', () => {
    const module = aPackage('golang', 'golang.org/x/net', 'v0.1.0', { locations: [{ path: 'usr/bin/program' }] }), elsewhere = { ...module, locations: [...module.locations, { path: 'usr/bin/other' }] };
    const index: AdvisoryIndex = indexOf([anAdvisory('GO-1', { ecosystem: 'Go', name: 'golang.org/x/net' }, { aliases: ['CVE-2026-1001'] })], '1', { vex: [says({ products: ['pkg:golang/example.org/program@v1.0.0'], subcomponents: ['pkg:golang/golang.org/x/net@v0.1.0'] })] });
    const of = (purl: string, path: Package['locations']): Package => ({ ...(path === module.locations ? module : elsewhere), purl });
    expect(match(anInventory([{ ...program, purl: 'pkg:golang/example.org/program@v1.0.0' }, of('pkg:golang/golang.org/x/net@v0.1.0', module.locations)]), index).findings[0]!.suppressed).toBe('vex');
    expect(match(anInventory([{ ...program, purl: 'pkg:golang/example.org/program@v1.0.0' }, of('pkg:golang/golang.org/x/net@v0.1.0', elsewhere.locations)]), index).findings[0]!.suppressed).toBeUndefined();
  });

  it('is told in explain and why-not', async () => {
    const index = indexOf([advisory], '1', { vex: [says({ justification: 'vulnerable_code_not_present', detail: 'left out at build time' })] });
    expect(explain(match(anInventory([left]), index).findings[0]!)).toMatch(/VEX +Acme says not affected: vulnerable code not present \(left out at build time\)/);
    expect(whyNot('CVE-2026-1001', anInventory([left]), index).text).toMatch(/affects none of them[^]*suppressed +a statement says so/);
  });
});

it('why-not says what is known of a CVE that no advisory speaks of', () => {
  const index = indexOf([advisory], '1', { enrichments: [{ cve: 'CVE-2020-1111', source: 'epss', severities: [], epss: { score: 0.5 } }, { cve: 'CVE-2020-2222', source: 'cve5', severities: [], rejected: true }] });
  expect(whyNot('cve-2020-1111', anInventory([left]), index).text).toContain('50.00 % within 30 days');
  expect(whyNot('CVE-2020-2222', anInventory([left]), index).text).toContain('took it back');
  expect(whyNot('CVE-2020-3333', anInventory([left]), index).text).toContain('nothing here knows CVE-2020-3333 at all');
});
