import type { CompactFinding } from '@plimsoll/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffText } from './diff.ts';
import { revisionText } from './revision.ts';
import { whoHasText } from './who-has.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, negligible: 0 };
const summary = (total: number) => ({ total, by_severity: none, fixable: none, undetermined: 0, not_covered: 0 });
const finding = (id: string, more: Partial<CompactFinding> = {}): CompactFinding =>
  ({ id, severity: 'high', state: 'affected', fix_state: 'available', fixed_version: '2.0.0', package: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0', ...more });

const columns = process.env['COLUMNS'];
beforeAll(() => { process.env['COLUMNS'] = '80'; });
afterAll(() => { if (columns === undefined) delete process.env['COLUMNS']; else process.env['COLUMNS'] = columns; });
const fits = (text: string): void => { for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80); };

describe('differences', () => {
  const diff = {
    from: { digest: digest('a'), reference: 'registry.example/app:1', revision: 4, summary: summary(3) }, to: { digest: digest('b'), reference: 'registry.example/app:2', revision: 5, summary: summary(3) },
    packages: [{ name: 'left', type: 'npm', from: ['1.0.0'], to: ['1.1.0'] }, { name: 'new', type: 'npm', from: [], to: ['1.0.0'] }],
    added: [finding('CVE-2026-1', { state: 'undetermined' })], removed: [finding('CVE-2026-2')],
    changed: [{ from: finding('CVE-2026-3', { fix_state: 'none-yet', fixed_version: undefined, severity: 'low' }), to: finding('CVE-2026-3') }],
    totals: { packages: 2, added: 40, removed: 1, changed: 1, unchanged: 1 },
  };
  it('are told apart: what came, went, changed, and how many are left out', () => {
    const text = diffText(diff, 30);
    fits(text);
    expect(text).toMatch(/Came: 40\n.*\n.*high +CVE-2026-1 +left +1\.0\.0 +cannot tell\n.*39 more/s);
    expect(text).toMatch(/Went: 1\n.*\n.*CVE-2026-2/);
    expect(text).toMatch(/CVE-2026-3 .*no fix → 2\.0\.0, was low/);
    expect(text).toMatch(/new +\(none\) +1\.0\.0/);
    expect(text).toContain('1 finding in both alike; 3 before, 3 after');
  });
  it('of nothing say so in one line', () => {
    expect(diffText({ ...diff, packages: [], added: [], removed: [], changed: [], totals: { packages: 0, added: 0, removed: 0, changed: 0, unchanged: 3 } }, 30).split('\n').slice(2)).toEqual(['', ' 3 findings in both alike; 3 before, 3 after']);
  });
});

describe('who has it', () => {
  const image = { project: 'default', digest: digest('a'), reference: 'registry.example/a-team-with-a-long-name/application:1.2.3', first_seen: '2026-11-26T10:00:00.000Z', packages: [{ purl: 'pkg:npm/%40scope/left@1.0.0', state: 'affected' as const, severity: 'high' as const, fixed_version: '2.0.0' }, { purl: 'pkg:npm/left@1.1.0', state: 'affected' as const, severity: 'high' as const }] };
  it('lists images and packages', () => {
    const text = whoHasText('GHSA-1', { revision: 5, vulnerabilities: ['CVE-2026-1', 'GHSA-1'], projects: 1, total: { count: 70, relation: 'EXACT' }, items: [image], next_page_token: 'x' });
    fits(text);
    expect(text).toContain('GHSA-1 (CVE-2026-1): 70 images in 1 project, as of feed revision 5');
    expect(text).toMatch(/@scope\/left@.* \+1/);
    expect(text).toContain('of 70 images; raise --limit');
  });
  it('says what nobody having it means', () => {
    expect(whoHasText('CVE-1', { revision: 5, vulnerabilities: ['CVE-1'], projects: 0, total: { count: 0, relation: 'EXACT' }, items: [] })).toMatch(/No image has CVE-1 .*no\s+proof .*why-not CVE-1\s+IMAGE --remote/s);
  });
});

it('a revision tells what it changed and whom it struck', () => {
  const text = revisionText({
    revision: 7, published_at: '2026-11-26T10:00:00.000Z', changes: [{ source: 'osv-npm', added: 1, changed: 2, removed: 0 }], total: { count: 3, relation: 'EXACT' },
    blast_radius: { images: 3, packages: 2, added: 2, removed: 1, vulnerabilities: [{ id: 'CVE-2026-1', severity: 'critical', kev: true, images: 3 }] },
    items: [{ project: 'default', digest: digest('a'), reference: 'registry.example/app:1', added: ['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-3', 'CVE-2026-4'], removed: [] }], next_page_token: 'x',
  });
  fits(text);
  expect(text).toMatch(/osv-npm: 1 added, 2 changed, 0 removed\n 3 images struck: 2 findings came and 1 went, in 2 package versions/);
  expect(text).toMatch(/critical +CVE-2026-1 +3 +exploited/);
  expect(text).toMatch(/CVE-2026-1, CVE-2026-2, CVE-2026-3 \+1|CVE-2026-1/);
});
