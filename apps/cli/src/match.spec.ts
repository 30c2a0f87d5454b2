import { mkdirSync, writeFileSync } from 'node:fs';
import type { ScanReport } from '@plimsoll/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome, published, reportOf } from './plimsoll.spec-helper.ts';

const home = aHome();
afterAll(home.remove);

const osv = (id: string, name: string, fixed: string, more: object = {}) => ({
  id, modified: '2026-01-02T00:00:00Z', published: '2026-01-01T00:00:00Z', summary: `a flaw of ${name}`,
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }] }], ...more,
});
const records = [
  osv('GHSA-aaaa-aaaa-aaaa', 'left', '1.2.0', { aliases: ['CVE-2026-1001'], severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] }),
  osv('GHSA-bbbb-bbbb-bbbb', 'left', '1.0.0', { aliases: ['CVE-2026-1002'] }),
  osv('GHSA-cccc-cccc-cccc', 'right', '9.9.9', { aliases: ['CVE-2026-1003'] }),
];
const sbom = { bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components: ['left@1.1.0', 'right@2.0.0'].map((one) => ({ type: 'library', name: one.split('@')[0], version: one.split('@')[1], purl: `pkg:npm/${one}` })) };
const vex = { '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://example.org/vex', author: 'Acme', timestamp: '2026-02-01T00:00:00Z', version: 1,
  statements: [{ vulnerability: { name: 'CVE-2026-1003' }, products: [{ '@id': 'pkg:npm/right' }], status: 'not_affected', justification: 'vulnerable_code_not_present' }] };

beforeAll(async () => {
  for (const [name, document] of Object.entries({ 'sbom.json': sbom, 'vex.json': vex, 'broken.json': { '@context': 'https://openvex.dev/ns', statements: [{ status: 'sure' }] } })) writeFileSync(home.file(name), JSON.stringify(document));
  mkdirSync(home.file('feed'));
  for (const record of records) writeFileSync(home.file(`feed/${record.id}.json`), JSON.stringify(record));
  const built = await home.plimsoll(['db', 'build', `osv-npm=${home.file('feed')}`, '--out', home.file('a.db')]);
  expect(built.code, built.err).toBe(0);
}, 60_000);

const matched = async (...words: string[]): Promise<ScanReport> => reportOf(await home.plimsoll(['match', '--db', home.file('a.db'), ...words, '--json']));
const brief = ({ findings }: ScanReport) => findings.map(({ id, state, suppressed }) => [id, state, suppressed].filter(Boolean).join(' ')).sort();

describe('match', () => {
  it('prints what scan prints, for an SBOM and for the inventory made of it', async () => {
    const report = await matched(home.file('sbom.json'));
    const valid = published('scan-report.schema.json');
    expect(valid(report), JSON.stringify(valid.errors)).toBe(true);
    expect(brief(report)).toEqual(['CVE-2026-1001 affected', 'CVE-2026-1003 affected']);
    expect(report.findings[0]).toMatchObject({ id: 'CVE-2026-1001', score: 9.8, scores: [{ version: '3.1', score: 9.8, by: 'osv-npm' }], modified: '2026-01-02T00:00:00Z' });
    const scanned = reportOf(await home.plimsoll(['scan', home.file('sbom.json'), '--db', home.file('a.db'), '--json']));
    const { verdict, ...rest } = scanned;
    expect(verdict?.decision).toBe('deny');
    expect(report).toEqual(rest);
    const { out } = await home.plimsoll(['inventory', home.file('sbom.json'), '--json']);
    writeFileSync(home.file('inventory.json'), out);
    expect((await matched(home.file('inventory.json'))).findings).toEqual(report.findings);
  }, 60_000);

  it('--all tells every decision with its proof', async () => {
    const { findings } = await matched(home.file('sbom.json'), '--all');
    expect(brief({ findings } as ScanReport)).toEqual(['CVE-2026-1001 affected', 'CVE-2026-1002 fixed', 'CVE-2026-1003 affected']);
    expect(findings.find(({ id }) => id === 'CVE-2026-1002')!.proof).toMatchObject({ scheme: 'npm', version: '1.1.0', advisory: 'GHSA-bbbb-bbbb-bbbb', because: 'at-or-above-fixed', ranges: [{ fixed: '1.0.0' }] });
  }, 60_000);

  it('--vex suppresses what its statements are about: in JSON marked, in the table told of and shown on demand', async () => {
    const report = await matched(home.file('sbom.json'), '--vex', home.file('vex.json'));
    expect(brief(report)).toEqual(['CVE-2026-1001 affected', 'CVE-2026-1003 affected vex']);
    expect(report.findings.find(({ suppressed }) => suppressed)!.vex).toEqual([{ status: 'not_affected', justification: 'vulnerable_code_not_present', source: 'Acme', time: '2026-02-01T00:00:00Z' }]);
    expect(report.summary).toMatchObject({ total: 1, suppressed: 1 });
    const table = async (...more: string[]) => (await home.plimsoll(['scan', home.file('sbom.json'), '--db', home.file('a.db'), '--vex', home.file('vex.json'), ...more])).out;
    expect(await table()).not.toContain('CVE-2026-1003');
    expect(await table()).toContain('1 more suppressed: 1 by VEX; --show-suppressed lists them');
    expect(await table('--show-suppressed')).toMatch(/CVE-2026-1003 +VEX not affected/);
    expect((await home.plimsoll(['scan', home.file('sbom.json'), '--db', home.file('a.db'), '--vex', home.file('vex.json'), '--severity', 'unknown', '--fail-on', 'any'])).code).toBe(0);
    const sarif = JSON.parse(await table('--format', 'sarif')) as { runs: { results: { ruleId: string; suppressions?: { justification: string }[] }[] }[] };
    expect(sarif.runs[0]!.results.find(({ ruleId }) => ruleId === 'CVE-2026-1003')!.suppressions![0]!.justification).toBe('Acme says not affected: vulnerable code not present');
  }, 60_000);

  it('a VEX document that cannot be read is an error, not a scan without it', async () => {
    const { code, err } = await home.plimsoll(['match', '--db', home.file('a.db'), home.file('sbom.json'), '--vex', home.file('broken.json')]);
    expect([code, err]).toEqual([1, expect.stringContaining('vex-unreadable')]);
  }, 60_000);
});
