import { AddVex, DiffImages, ExplainFinding, GetFindings, GetRevision, GetWhyNot, ImageMatched, ListVex, RemoveVex, RevisionPublished, WhoHas } from '@plimsoll/contracts';
import type { Package } from '@plimsoll/inventory';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { digestOf, feedsBench, type FeedsBench } from './feeds.spec-helper.ts';

const cvss = { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] };
const osv = (id: string, name: string, fixed: string | undefined, more: object = {}) => ({
  id, modified: '2026-01-01T00:00:00Z', published: '2026-01-01T00:00:00Z',
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, ...(fixed === undefined ? [] : [{ fixed }])] }] }], ...more,
});
const npm = (name: string, version: string): Package => ({ purl: `pkg:npm/${name}@${version}`, name, version, type: 'npm', locations: [{ path: `app/${name}` }], licences: [] });
const records = [
  osv('GHSA-left', 'left', '2.0.0', { aliases: ['CVE-2026-1001'], ...cvss }), osv('GHSA-right', 'right', '1.5.0', { aliases: ['CVE-2026-1002'] }),
  osv('GHSA-open', 'left', undefined, { aliases: ['CVE-2026-1003'] }), osv('MAL-1', 'evil', undefined),
];

let feeds: FeedsBench;
beforeAll(async () => {
  feeds = await feedsBench();
  await feeds.ingest('osv-npm', records);
  await feeds.index(1, [npm('left', '1.0.0'), npm('right', '1.0.0'), { ...npm('libwidget', '1'), type: 'generic', purl: 'pkg:generic/libwidget@1' }]);
  await feeds.index(2, [npm('left', '1.9.0'), npm('right', '1.5.0'), npm('new', '1.0.0')]);
  await feeds.index(3, [npm('left', '1.0.0')], { project: 'elsewhere' });
});
afterAll(() => feeds?.close());

const image = (n: number, project = 'default') => ({ project, digest: digestOf(n) });
const idsOf = async (n: number, filter: object = {}) => (await feeds.ask(GetFindings, { ...image(n), ...filter })).items.map(({ id }) => id);

describe('findings', () => {
  it.each([
    [{}, ['CVE-2026-1001', 'CVE-2026-1002', 'CVE-2026-1003']],
    [{ fixable: true }, ['CVE-2026-1001', 'CVE-2026-1002']],
    [{ fixable: false }, ['CVE-2026-1003']],
    [{ severity: ['critical'] }, ['CVE-2026-1001']],
    [{ id: 'GHSA-left' }, ['CVE-2026-1001']],
    [{ id: 'CVE-2026-1001', package: 'right' }, []],
    [{ kev: true }, []],
    [{ epss_min: 0.5 }, []],
  ])('narrowed to %j are %j', async (filter, expected) => { expect(await idsOf(1, filter)).toEqual(expected); });

  it('tell since when they are known here, and since when their repair is', async () => {
    const [finding] = (await feeds.ask(GetFindings, { ...image(1), id: 'CVE-2026-1001' })).items;
    expect(Date.now() - Date.parse(finding!.first_seen!)).toBeLessThan(60_000);
    expect(finding!.fix_seen).toBe(finding!.first_seen);
    const [open] = (await feeds.ask(GetFindings, { ...image(1), id: 'CVE-2026-1003' })).items;
    expect(open).toMatchObject({ fix_state: 'none-yet' });
    expect(open!.fix_seen).toBeUndefined();
  });

  it('fit a message, however long their texts are', async () => {
    const long = Array.from({ length: 30 }, (_, i) => osv(`GHSA-long-${i}`, 'wordy', '2.0.0', { summary: 'x'.repeat(50_000) }));
    await feeds.ingest('private', long);
    await feeds.index(9, [npm('wordy', '1.0.0')]);
    const seen: string[] = [];
    for (let page_token: string | undefined; ;) {
      const page = await feeds.ask(GetFindings, { ...image(9), limit: 500, ...(page_token ? { page_token } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      if (!(page_token = page.next_page_token)) break;
    }
    expect(new Set(seen).size).toBe(30);
    expect(seen).toHaveLength(30);
  });
});

describe('explain', () => {
  it('gives the proof, by whatever name', async () => {
    for (const id of ['CVE-2026-1001', 'GHSA-left']) {
      const { findings, text } = await feeds.ask(ExplainFinding, { ...image(1), id });
      expect(findings).toMatchObject([{ id: 'CVE-2026-1001', proof: { because: 'in-range', range: { fixed: '2.0.0' } }, package: { path: 'app/left' } }]);
      expect(text).toMatch(/until 2\.0\.0 repairs it/);
    }
  });
  it('says where to look when there is none', async () => {
    await expect(feeds.ask(ExplainFinding, { ...image(2), id: 'CVE-2026-1002' })).rejects.toMatchObject({ kind: 'missing', code: 'finding-missing' });
    await expect(feeds.ask(ExplainFinding, { ...image(1, 'elsewhere'), id: 'CVE-2026-1001' })).rejects.toMatchObject({ code: 'image-missing' });
  });
});

describe('why not', () => {
  it.each([
    [2, 'CVE-2026-1002', 'not-affected', /has the repair/],
    [1, 'CVE-2026-1001', 'affected', /found in 1 of 1/],
    [1, 'CVE-2024-3094', 'not-mentioned', /no advisory .* says anything/],
    [1, 'GHSA-right', 'affected', /right 1\.0\.0/],
  ] as const)('image %i, %s: %s', async (n, id, answer, text) => {
    const found = await feeds.ask(GetWhyNot, { ...image(n), id });
    expect(found).toMatchObject({ answer, text: expect.stringMatching(text) });
    if (n === 1) expect(found).toMatchObject({ not_covered_total: 1, not_covered: [{ name: 'libwidget' }] });
  });
});

describe('a comparison', () => {
  it('of two images tells what came, went and stayed', async () => {
    const diff = await feeds.ask(DiffImages, { project: 'default', from: { digest: digestOf(1) }, to: { digest: digestOf(2) } });
    expect(diff.removed.map(({ id }) => id)).toEqual(['CVE-2026-1002']);
    expect(diff.added).toEqual([]);
    expect(diff.totals).toEqual({ packages: 4, added: 0, removed: 1, changed: 0, unchanged: 2 });
    expect(diff.packages).toContainEqual({ name: 'left', type: 'npm', from: ['1.0.0'], to: ['1.9.0'] });
    expect(diff.packages).toContainEqual({ name: 'new', type: 'npm', from: [], to: ['1.0.0'] });
  });

  it('of one image at two revisions tells what the revisions changed', async () => {
    const { revision: before } = await feeds.ask(GetFindings, image(1));
    const { revision: after } = await feeds.ingest('osv-npm', [...records.filter(({ id }) => id !== 'GHSA-right'), osv('GHSA-late', 'left', '3.0.0', { aliases: ['CVE-2026-1004'] })].map((record) => record.id === 'GHSA-open' ? osv('GHSA-open', 'left', '2.5.0', { aliases: ['CVE-2026-1003'] }) : record));
    const diff = await feeds.ask(DiffImages, { project: 'default', from: { digest: digestOf(1), revision: before }, to: { digest: digestOf(1) } });
    expect(diff).toMatchObject({ from: { revision: before }, to: { revision: after }, packages: [], added: [{ id: 'CVE-2026-1004' }], removed: [{ id: 'CVE-2026-1002' }], changed: [{ from: { id: 'CVE-2026-1003', fix_state: 'none-yet' }, to: { fixed_version: '2.5.0' } }] });
    await expect(feeds.ask(DiffImages, { project: 'default', from: { digest: digestOf(1), revision: 999 }, to: { digest: digestOf(1) } })).rejects.toMatchObject({ code: 'revision-unknown' });

    // The clocks: known as long as before, repairable since this revision.
    const [late] = (await feeds.ask(GetFindings, { ...image(1), id: 'CVE-2026-1003' })).items;
    expect(Date.parse(late!.fix_seen!)).toBeGreaterThan(Date.parse(late!.first_seen!));
  });
});

describe('the fleet', () => {
  it('tells which images have a problem, page by page, within the projects that may be seen', async () => {
    const all = await feeds.ask(WhoHas, { id: 'GHSA-left' });
    expect(all).toMatchObject({ vulnerabilities: ['CVE-2026-1001', 'GHSA-left'], projects: 2, total: { count: 3 } });
    expect(all.items.find(({ digest }) => digest === digestOf(2))).toMatchObject({ reference: 'app:2', packages: [{ purl: 'pkg:npm/left@1.9.0', state: 'affected', severity: 'critical', fixed_version: '2.0.0' }] });
    expect(await feeds.ask(WhoHas, { id: 'CVE-2026-1001', projects: ['elsewhere'] })).toMatchObject({ total: { count: 1 }, items: [{ project: 'elsewhere' }] });
    expect(await feeds.ask(WhoHas, { id: 'CVE-2026-1001', projects: [] })).toMatchObject({ total: { count: 0 }, items: [] });
    const first = await feeds.ask(WhoHas, { id: 'CVE-2026-1001', limit: 2 });
    const rest = await feeds.ask(WhoHas, { id: 'CVE-2026-1001', limit: 2, page_token: first.next_page_token });
    expect([...first.items, ...rest.items].map(({ digest }) => digest)).toEqual([1, 2, 3].map(digestOf));
    expect(rest.next_page_token).toBeUndefined();
    expect(await feeds.ask(WhoHas, { id: 'CVE-1999-0001' })).toMatchObject({ total: { count: 0 }, items: [] });
  });

  it('tells what a revision changed and whom it struck', async () => {
    const { revision } = await feeds.ask(GetFindings, image(1));
    const struck = await feeds.ask(GetRevision, { revision });
    expect(struck).toMatchObject({ changes: [{ source: 'osv-npm', added: 1, changed: 1, removed: 1 }], blast_radius: { images: 3, packages: 3, added: 2, removed: 1, vulnerabilities: [{ id: 'CVE-2026-1004', images: 3 }] } });
    const [event] = (await feeds.bench.said(RevisionPublished)).filter((one) => one.revision === revision);
    expect(event).toMatchObject({ touched_images: 3, blast_radius: { images: 3, added: 2, removed: 1, vulnerabilities: [{ id: 'CVE-2026-1004' }] }, projects: [{ project: 'default', images: 2 }, { project: 'elsewhere', images: 1 }] });
    expect(struck.items.find(({ digest }) => digest === digestOf(1))).toMatchObject({ added: ['CVE-2026-1004'], removed: ['CVE-2026-1002'] });
    const mine = await feeds.ask(GetRevision, { revision, projects: ['elsewhere'] });
    expect(mine).toMatchObject({ blast_radius: { images: 1 }, items: [{ project: 'elsewhere' }] });
    await expect(feeds.ask(GetRevision, { revision: 999 })).rejects.toMatchObject({ code: 'revision-unknown' });
  });
});

describe('what is known of a CVE besides', () => {
  const told = async (n: number) => (await feeds.bench.said(ImageMatched)).filter(({ image: one }) => one.project === 'default' && one.digest === digestOf(n)).at(-1)!;
  const v31 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N';

  it('exploitation is told to the images that have it, and asked for', async () => {
    await feeds.ingestText('cisa-kev', 'kev.json', JSON.stringify({ vulnerabilities: [{ cveID: 'CVE-2026-1003', dateAdded: '2026-01-02', dueDate: '2026-02-03' }, { cveID: 'CVE-2020-0001', dateAdded: '2026-01-02' }] }));
    await vi.waitFor(async () => expect((await told(1)).worst.find(({ id }) => id === 'CVE-2026-1003')).toMatchObject({ kev: true }), 10_000);
    expect(await idsOf(1, { kev: true })).toEqual(['CVE-2026-1003']);
    expect((await feeds.ask(GetFindings, { ...image(1), id: 'CVE-2026-1003' })).items).toMatchObject([{ kev: { added: '2026-01-02', due: '2026-02-03' } }]);
    expect((await feeds.ask(ExplainFinding, { ...image(1), id: 'CVE-2026-1003' })).findings[0]!.kev).toBeDefined();
  });

  it('probabilities are read and nobody is told', async () => {
    await feeds.settled();
    const before = (await feeds.bench.said(ImageMatched)).length;
    await feeds.ingestText('epss', 'epss.csv', 'cve,epss,percentile\nCVE-2026-1001,0.97,0.99\nCVE-2026-1003,0.1,0.5\n');
    await feeds.settled();
    expect((await feeds.bench.said(ImageMatched)).length).toBe(before);
    expect(await idsOf(1, { epss_min: 0.5 })).toEqual(['CVE-2026-1001']);
    expect((await feeds.ask(GetFindings, { ...image(1), id: 'CVE-2026-1001' })).items).toMatchObject([{ epss: { score: 0.97, percentile: 0.99 } }]);
    await feeds.ingestText('epss', 'epss.csv', 'cve,epss,percentile\nCVE-2026-1001,0.01,0.2\nCVE-2026-1003,0.6,0.5\n');
    expect(await idsOf(1, { epss_min: 0.5 })).toEqual(['CVE-2026-1003']);
  });

  it('a score rates what the advisories left unrated; a CVE taken back is shown and not counted', async () => {
    const nvd = (id: string, more: object) => ({ cve: { id, ...more } });
    const before = (await feeds.ask(GetFindings, image(1))).summary;
    await feeds.ingestText('nvd', 'nvd.json', JSON.stringify({ vulnerabilities: [
      nvd('CVE-2026-1003', { metrics: { cvssMetricV31: [{ source: 'nvd@nist.gov', cvssData: { vectorString: v31 } }] } }),
      nvd('CVE-2026-1004', { vulnStatus: 'Rejected' }),
    ] }));
    const { items, summary } = await feeds.ask(GetFindings, image(1));
    expect(items.find(({ id }) => id === 'CVE-2026-1003')).toMatchObject({ severity: 'critical', score: 9.1, scores: [{ version: '3.1', by: 'nvd@nist.gov' }] });
    expect(items.find(({ id }) => id === 'CVE-2026-1004')).toMatchObject({ suppressed: 'rejected' });
    expect(summary).toMatchObject({ total: before.total - 1, suppressed: 1, by_severity: { critical: before.by_severity.critical + 1 } });
    await vi.waitFor(async () => expect((await told(1)).summary).toEqual(summary), 10_000);
  });
});

describe('what suppliers say', () => {
  const openVex = (statement: object) => JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'https://acme.example/vex/1', author: 'Acme', timestamp: '2026-02-01T00:00:00Z', version: 1, statements: [statement] });
  const document = openVex({ vulnerability: { name: 'GHSA-left' }, products: [{ '@id': 'pkg:npm/left@1.0.0' }], status: 'not_affected', justification: 'vulnerable_code_not_in_execute_path' });
  const told = async (n: number, project = 'default') => (await feeds.bench.said(ImageMatched)).filter(({ image: one }) => one.project === project && one.digest === digestOf(n)).at(-1)!;
  let id: string;

  it('is shown and not counted, in that project alone, and its images are told again', async () => {
    const before = (await told(1)).summary.total;
    const added = await feeds.ask(AddVex, { project: 'default', name: 'acme.json', document, added_by: 'user:1' });
    id = added.id;
    expect(added).toMatchObject({ format: 'openvex', statements: 1, added_by: 'user:1' });
    expect(await feeds.ask(AddVex, { project: 'default', name: 'again.json', document, added_by: 'user:2' })).toEqual(added);
    await vi.waitFor(async () => expect((await told(1)).summary).toMatchObject({ total: before - 1, suppressed: 2 }), 10_000);
    expect((await told(1)).worst.map((one) => one.id)).not.toContain('CVE-2026-1001');
    const page = await feeds.ask(GetFindings, image(1));
    expect(page.summary).toMatchObject({ total: before - 1, suppressed: 2 });
    expect(page.items.find((one) => one.id === 'CVE-2026-1001')).toMatchObject({ suppressed: 'vex', vex: [{ status: 'not_affected', source: 'Acme', justification: 'vulnerable_code_not_in_execute_path' }] });
    expect(await idsOf(1, { suppressed: true })).toEqual(['CVE-2026-1001', 'CVE-2026-1004']);
    expect(await idsOf(1, { suppressed: false })).not.toContain('CVE-2026-1001');
    expect(await idsOf(2, { suppressed: true })).toEqual(['CVE-2026-1004']);      // another version
    expect((await feeds.ask(GetFindings, { ...image(3, 'elsewhere'), suppressed: true })).items.map((one) => one.id)).toEqual(['CVE-2026-1004']);
  });

  it('is listed, and counts no more once it is removed', async () => {
    expect(await feeds.ask(ListVex, { project: 'default' })).toMatchObject({ items: [{ id, name: 'acme.json' }], total: { count: 1 } });
    expect(await feeds.ask(ListVex, { project: 'elsewhere' })).toMatchObject({ items: [] });
    await expect(feeds.ask(RemoveVex, { project: 'elsewhere', id, removed_by: 'user:2' })).rejects.toMatchObject({ code: 'vex-missing' });
    await feeds.ask(RemoveVex, { project: 'default', id, removed_by: 'user:2' });
    await vi.waitFor(async () => expect((await told(1)).summary.suppressed).toBe(1), 10_000);
    expect(await feeds.db.query('select removed_by from vex_documents')).toEqual([{ removed_by: 'user:2' }]);
  });

  it.each([['not JSON', '{"a'], ['a list', '[]'], ['no VEX', '{"hello": 1}'], ['a document without statements', JSON.stringify({ '@context': 'https://openvex.dev/ns/v0.2.0', statements: [] })]])('is refused as %s', async (_, text) => {
    await expect(feeds.ask(AddVex, { project: 'default', name: 'x.json', document: text, added_by: 'user:1' })).rejects.toMatchObject({ kind: 'invalid', code: expect.stringMatching(/^vex-/) });
  });
});
