import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { askOver, Bus, connectNats, type Ask } from '@plimsoll/bus';
import { GetFeedsStatus, GetFindings, ImageIndexed, ImageMatched, IngestSource, RevisionPublished } from '@plimsoll/contracts';
import type { Inventory, Package } from '@plimsoll/inventory';
import { indexOf, match } from '@plimsoll/matching';
import { readFeed, recordsOf, sourceOf, type Advisory } from '@plimsoll/advisories';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import type { NatsConnection } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { coverAll } from './coverage.ts';
import { FeedsModule } from './feeds.module.ts';
import { manifest } from './manifest.ts';

const osv = (id: string, name: string, fixed: string, more: object = {}) => ({
  id, modified: '2026-01-01T00:00:00Z', published: '2026-01-01T00:00:00Z',
  affected: [{ package: { ecosystem: 'npm', name }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed }] }] }], ...more,
});
const npm = (name: string, version: string, layer?: string): Package =>
  ({ purl: `pkg:npm/${name}@${version}`, name, version, type: 'npm', locations: [{ path: `app/node_modules/${name}/package.json` }], licences: [], ...(layer ? { layer } : {}) });
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

let bench: TestBench, service: RunningService, gateway: NatsConnection, ask: Ask, files: string;
beforeAll(async () => {
  bench = await testBench();
  files = mkdtempSync(join(tmpdir(), 'feeds-'));
  process.env['PLIMSOLL_FEEDS_FILES'] = files;
  process.env['PLIMSOLL_FEEDS_SCHEDULE'] = 'off';
  service = await startService({ manifest, module: FeedsModule, env: bench.env('feeds') });
  gateway = await connectNats({ url: bench.nats.url, name: 'gateway', seed: bench.secrets.nats['gateway']!.seed });
  ask = askOver(gateway);
});
afterAll(async () => {
  await gateway?.close();
  await service?.stop();
  await bench?.close();
  rmSync(files, { recursive: true, force: true });
});

const feed = (name: string, records: object[]): string => {
  mkdirSync(join(files, name), { recursive: true });
  records.forEach((record, i) => writeFileSync(join(files, name, `${i}.json`), JSON.stringify(record)));
  return name;
};
const ingest = (file: string, source = 'osv-npm') => ask(IngestSource, { source, file }, { timeoutMs: 60_000 });

/** Indexes an image as the scanner would: its document in the store, the event said. */
async function index(n: number, packages: Package[], project = 'default') {
  const inventory: Inventory = { target: { kind: 'image', reference: `app:${n}`, digest: digestOf(n), layers: [] }, os: null, packages, secrets: [], configuration: { findings: [] }, problems: [] };
  const scanner = await connectNats({ url: bench.nats.url, name: 'scanner', seed: bench.secrets.nats['scanner']!.seed });
  const { documentsOver, jetstreamOf } = await import('@plimsoll/bus');
  const document = await documentsOver(jetstreamOf(scanner)).put(inventory, 'application/json');
  await scanner.close();
  const push = randomUUID();
  await bench.say(ImageIndexed, { push, image: { project, reference: `app:${n}`, digest: digestOf(n) }, inventory: document, os: null, packages: packages.length, problems: 0, configuration: {} });
  return vi.waitFor(async () => { const [found] = (await bench.said(ImageMatched)).filter((one) => one.push === push); expect(found).toBeDefined(); return found!; }, 10_000);
}
const findings = async (n: number, more: object = {}) => ask(GetFindings, { project: 'default', digest: digestOf(n), ...more });

describe('feeds', () => {
  it('says that nothing is covered before the first revision', async () => {
    const matched = await index(1, [npm('left', '1.0.0'), npm('right', '2.0.0')]);
    expect(matched).toMatchObject({ revision: { number: 0 }, summary: { total: 0, not_covered: 2 } });
  });

  it('publishes a revision and tells of the images it touches, and of no others', async () => {
    await index(2, [npm('other', '1.0.0')]);
    const before = (await bench.said(ImageMatched)).length;
    const first = await ingest(feed('one', [osv('GHSA-1', 'left', '1.5.0'), osv('GHSA-2', 'right', '1.5.0')]));
    expect(first).toMatchObject({ revision: 1, advisories: 2, added: 2, changed: 0, removed: 0 });
    await vi.waitFor(async () => expect((await bench.said(ImageMatched)).length).toBe(before + 2), 10_000);   // both: npm became covered
    const [published] = await bench.said(RevisionPublished);
    expect(published).toMatchObject({ revision: 1, touched_images: 2 });
    const told = (await bench.said(ImageMatched)).slice(before);
    expect(told.find(({ image }) => image.reference === 'app:1')).toMatchObject({ revision: { number: 1 }, added: ['GHSA-1'], removed: [], summary: { total: 1, not_covered: 0 } });
    expect(told.find(({ image }) => image.reference === 'app:2')).toMatchObject({ added: [], summary: { total: 0, not_covered: 0 } });
    expect((await findings(1)).items.map(({ id }) => id)).toEqual(['GHSA-1']);
  });

  it('touches only what a changed name touches, and keeps when each finding held', async () => {
    const before = (await bench.said(ImageMatched)).length;
    const second = await ingest(feed('two', [osv('GHSA-1', 'left', '1.0.0'), osv('GHSA-2', 'right', '3.0.0'), osv('GHSA-3', 'nobody', '1.0.0')]));
    expect(second).toMatchObject({ revision: 2, added: 1, changed: 2, removed: 0 });
    await vi.waitFor(async () => expect((await bench.said(ImageMatched)).length).toBe(before + 1), 10_000);
    expect((await bench.said(ImageMatched)).at(-1)).toMatchObject({ image: { reference: 'app:1' }, added: ['GHSA-2'], removed: ['GHSA-1'] });
    const rows = await service.get(DataSource).query('select vulnerability, valid_from, valid_to from findings order by valid_from');
    expect(rows).toEqual([{ vulnerability: 'GHSA-1', valid_from: 1, valid_to: 2 }, { vulnerability: 'GHSA-2', valid_from: 2, valid_to: null }]);
  });

  it('makes no revision of a feed without news', async () => {
    expect(await ingest('two')).toMatchObject({ revision: 2, added: 0, changed: 0, removed: 0 });
  });

  it.each([
    ['is suddenly empty', () => { mkdirSync(join(files, 'empty')); return 'empty'; }, 'feed-empty'],
    ['is not JSON', () => { mkdirSync(join(files, 'broken')); writeFileSync(join(files, 'broken', 'a.json'), '{"id": "GHSA-'); return 'broken'; }, 'feed-malformed'],
    ['is a web page', () => { mkdirSync(join(files, 'html')); writeFileSync(join(files, 'html', 'a.json'), '<!doctype html><p>maintenance'); return 'html'; }, 'feed-malformed'],
    ['lost most of its records', () => feed('shrunk', [osv('GHSA-1', 'left', '1.0.0')]), 'feed-shrunk'],
    ['is outside the allowed directory', () => '../../etc/passwd', 'feed-missing|feed-file-not-allowed'],
  ])('refuses a feed that %s, and the revision before stays', async (_, make, code) => {
    await expect(ingest(make())).rejects.toMatchObject({ code: expect.stringMatching(code) });
    const status = await ask(GetFeedsStatus, {});
    expect(status.revision).toBe(2);
    expect((await findings(1)).items.map(({ id }) => id)).toEqual(['GHSA-2']);
    expect(await service.get(DataSource).query(`select count(*)::int as rows from advisories where valid_from > 2 or valid_to > 2`)).toEqual([{ rows: 0 }]);
    if (!/file/.test(code)) expect(status.sources.find(({ source }) => source === 'osv-npm')).toMatchObject({ state: 'refused', problem: expect.any(String), advisories: 3 });
  });

  it('keeps a record that cannot be read aside and takes the rest', async () => {
    const name = feed('aside', [osv('GHSA-1', 'left', '1.0.0'), osv('GHSA-2', 'right', '3.0.0'), osv('GHSA-3', 'nobody', '1.0.0')]);
    writeFileSync(join(files, name, '9.json'), '{"id": 7}');
    expect(await ingest(name)).toMatchObject({ revision: 2, kept_aside: 1 });
    expect(await service.get(DataSource).query('select record, code from kept_aside')).toEqual([{ record: '9.json', code: expect.any(String) }]);
  });

  it('stores a package version and its findings once, however many images have it', async () => {
    const db = service.get(DataSource);
    const count = async () => (await db.query('select (select count(*) from packages)::int as packages, (select count(*) from package_sets)::int as sets, (select count(*) from findings where valid_to is null)::int as findings'))[0];
    await index(10, [npm('left', '1.0.0', digestOf(7)), npm('right', '2.0.0', digestOf(7)), npm('own', '1.0.0', digestOf(8))]);
    const before = await count();
    await index(11, [npm('left', '1.0.0', digestOf(7)), npm('right', '2.0.0', digestOf(7)), npm('own', '1.0.0', digestOf(8))]);
    expect(await count()).toEqual(before);
  });

  it('pages findings in one order, without loss or repetition, and refuses a foreign token', async () => {
    await ingest(feed('many', [osv('GHSA-1', 'left', '1.0.0'), osv('GHSA-2', 'right', '3.0.0'), osv('GHSA-3', 'nobody', '1.0.0'), ...Array.from({ length: 25 }, (_, i) => osv(`GHSA-many-${i}`, 'crowded', '9.0.0', i % 3 ? { severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] } : {}))]));
    await index(20, [npm('crowded', '1.0.0'), npm('right', '2.0.0')]);
    const seen: string[] = [];
    let token: string | undefined, sizes: number[] = [];
    do {
      const page = await findings(20, { limit: 7, ...(token ? { page_token: token } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      sizes.push(page.items.length);
      token = page.next_page_token;
      expect(page.total).toEqual({ count: 26, relation: 'EXACT' });
    } while (token);
    expect(new Set(seen).size).toBe(26);
    expect(sizes).toEqual([7, 7, 7, 5]);
    const { next_page_token } = await findings(20, { limit: 7 });
    await expect(findings(10, { page_token: next_page_token })).rejects.toMatchObject({ code: 'page-token-invalid' });
    expect((await findings(20, { severity: ['critical'] })).items).toHaveLength(16);
    expect((await findings(20, { id: 'GHSA-many-3' })).items).toMatchObject([{ id: 'GHSA-many-3', package: { path: 'app/node_modules/crowded/package.json' } }]);
    await expect(ask(GetFindings, { project: 'elsewhere', digest: digestOf(20) })).rejects.toMatchObject({ kind: 'missing' });
  });

  it('equals a full match by the library, whatever way the image and the revision came', async () => {
    const packages = ['left', 'right', 'crowded', 'nobody', 'own'].flatMap((name) => ['0.5.0', '1.0.0', '2.5.0', 'not a version'].map((version) => npm(name, version)));
    const matched = await index(30, packages);
    const advisories: Advisory[] = [];
    for await (const reading of readFeed(sourceOf('osv-npm')!, recordsOf(join(files, 'many')))) if (reading.kind === 'advisory') advisories.push(reading.advisory);
    const expected = match({ os: null, packages }, indexOf(advisories));
    expect(matched.summary).toEqual(expected.summary);
    const all = (await findings(30, { limit: 500 })).items.map(({ id, state, package: { purl } }) => `${id} ${state} ${purl}`).sort();
    expect(all).toEqual(expected.findings.map(({ id, state, package: { purl } }) => `${id} ${state} ${purl}`).sort());
    expect(expected.summary.undetermined).toBeGreaterThan(0);
  });

  it('tells who is touched even when the process dies right after the revision', async () => {
    const db = service.get(DataSource);
    const [{ id }] = await db.query('select id from images where digest = $1', [digestOf(20)]);
    const before = (await bench.said(ImageMatched)).filter(({ image }) => image.reference === 'app:20').length;
    await db.query('insert into rematches (image, revision) values ($1, 3)', [id]);   // what a killed process leaves behind
    await vi.waitFor(async () => expect((await bench.said(ImageMatched)).filter(({ image }) => image.reference === 'app:20').length).toBe(before + 1), 10_000);
    expect(await service.get(Bus).commit(async (tx) => (await tx.query('select count(*)::int as n from rematches'))[0].n)).toBe(0);
  });

  const told = async (n: number) => (await bench.said(ImageMatched)).filter(({ image }) => image.reference === `app:${n}`);
  const notCovered = async (n: number) => (await told(n)).at(-1)!.summary.not_covered;
  const alsoMaven = (id: string, name: string) => osv(id, name, '1.0.0', { affected: [{ package: { ecosystem: 'npm', name } }, { package: { ecosystem: 'Maven', name: `org:${name}` }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] }] });
  const jar = (name: string): Package => ({ purl: `pkg:maven/org/${name}@1.0`, name: `org:${name}`, version: '1.0', type: 'maven', locations: [], licences: [] });

  it('adds the findings of strays and of private advisories, and calls nothing covered for them', async () => {
    await index(40, [jar('stray'), jar('other'), npm('left', '9.0.0')]);
    expect(await notCovered(40)).toBe(2);
    await ingest(feed('stray', [osv('GHSA-1', 'left', '1.0.0'), osv('GHSA-2', 'right', '3.0.0'), ...Array.from({ length: 30 }, (_, i) => alsoMaven(`GHSA-stray-${i}`, i ? `s${i}` : 'stray'))]));
    await vi.waitFor(async () => expect((await told(40)).at(-1)).toMatchObject({ added: ['GHSA-stray-0'], summary: { total: 1, not_covered: 2 } }), 10_000);
    await ingest(feed('own', [alsoMaven('ACME-1', 'other')]), 'private');
    await vi.waitFor(async () => expect((await told(40)).at(-1)).toMatchObject({ added: ['ACME-1'], summary: { total: 2, not_covered: 2 } }), 10_000);
    expect(await service.get(DataSource).query('select ecosystem, source from coverage where valid_to is null')).toEqual([{ ecosystem: 'npm', source: 'osv-npm' }]);
  });

  it('tells images whose ecosystem comes to be covered, and again when its last source is gone', async () => {
    const maven = (n: number) => osv(`GHSA-m${n}`, 'x', '1.0.0', { affected: [{ package: { ecosystem: 'Maven', name: 'org:nobody' } }] });
    await ingest(feed('maven', [maven(1)]), 'osv-maven');
    await vi.waitFor(async () => expect(await notCovered(40)).toBe(0), 10_000);
    // A publisher that stops speaking of Maven, though its feed goes on.
    await ingest(feed('maven-gone', [osv('GHSA-m2', 'elsewhere', '1.0.0')]), 'osv-maven');
    await vi.waitFor(async () => expect(await notCovered(40)).toBe(2), 10_000);
  });

  it('of two records with one key keeps the newer, whichever comes first', async () => {
    const [older, newer] = [osv('GHSA-m2', 'twice', '1.0.0'), osv('GHSA-m2', 'twice', '2.0.0', { modified: '2026-02-01T00:00:00Z' })];
    expect(await ingest(feed('twice', [older!, newer!]), 'osv-maven')).toMatchObject({ advisories: 1, changed: 1, kept_aside: 1 });
    const stored = async () => service.get(DataSource).query(`select f.entry::jsonb->'ranges'->0->>'fixed' as fixed from affected f join advisories a on a.id = f.advisory and a.valid_to is null where f.name = 'twice'`);
    expect(await stored()).toEqual([{ fixed: '2.0.0' }]);
    expect(await ingest(feed('twice-again', [newer!, older!]), 'osv-maven')).toMatchObject({ added: 0, changed: 0, removed: 0, kept_aside: 1 });
    expect(await stored()).toEqual([{ fixed: '2.0.0' }]);
  });

  it('makes coverage anew at a start: rows of an earlier version said less', async () => {
    const db = service.get(DataSource);
    await db.query(`insert into coverage (ecosystem, source) values ('Maven', ''), ('Nowhere', '')`);
    const touched = await service.get(Bus).commit((tx) => coverAll(tx, 7));
    expect(touched.sort()).toEqual(['Maven', 'Nowhere']);
    expect(await db.query('select ecosystem, source from coverage where valid_to is null')).toEqual([{ ecosystem: 'npm', source: 'osv-npm' }]);
  });
});
