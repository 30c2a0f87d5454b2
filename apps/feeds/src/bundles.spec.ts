import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBundle } from '@plimsoll/advisories';
import { ExportBundle, GetDatabase, GetFindings, ImportBundle, IngestSource } from '@plimsoll/contracts';
import type { Package } from '@plimsoll/inventory';
import { openDatabase } from '@plimsoll/matching';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { aDayLater, syntheticRecords, writeZip } from '../../../bench/synthetic-feed.ts';
import { exportBundle } from './export-bundle.ts';
import { digestOf, feedsBench, type FeedsBench } from './feeds.spec-helper.ts';

const keys = mkdtempSync(join(tmpdir(), 'bundle-keys-'));
const pair = (name: string): { privateKey: KeyObject; publicKey: KeyObject } => {
  const made = generateKeyPairSync('ed25519');
  writeFileSync(join(keys, `${name}.pem`), made.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(keys, `${name}.pub.pem`), made.publicKey.export({ type: 'spki', format: 'pem' }));
  return made;
};
const ours = pair('ours'), theirs = pair('theirs');

let here: FeedsBench, there: FeedsBench;
beforeAll(async () => {
  here = await feedsBench({ PLIMSOLL_FEEDS_SIGNING_KEY: join(keys, 'ours.pem') });
  there = await feedsBench({ PLIMSOLL_FEEDS_SIGNING_KEY: '', PLIMSOLL_FEEDS_TRUSTED_KEYS: join(keys, 'ours.pub.pem') });
  for (const bench of [here, there]) await bench.index(1, packages);
}, 60_000);
afterAll(async () => {
  await here?.close();
  await there?.close();
  rmSync(keys, { recursive: true, force: true });
});

const count = 3_000, today = [...syntheticRecords(count)], tomorrow = [...aDayLater(today)];
/** Popular names of every family, at versions in the middle. */
const packages: Package[] = Array.from({ length: 40 }, (_, n) => n).flatMap((n): Package[] => {
  const npm = n % 3 ? `npm-package-${n}` : `@scope${n % 97}/npm-${n}`;
  return [npm, `pypi-project-${n}`].map((name, i) => ({ purl: `pkg:${i ? 'pypi' : 'npm'}/${name.replace('@', '%40')}@5.10.10`, name, version: '5.10.10', type: i ? 'pypi' : 'npm', locations: [], licences: [] }));
});
const takeIn = async (records: readonly ({ id: string } & Record<string, unknown>)[]): Promise<unknown> => {
  writeZip(join(here.files, 'feed.zip'), records);
  return here.ask(IngestSource, { source: 'osv-npm', file: 'feed.zip' }, { timeoutMs: 60_000 });
};
/** All of each but when this platform came to know of it. */
const findings = async ({ ask }: FeedsBench): Promise<object> => {
  const { items, summary, revision } = await ask(GetFindings, { project: 'default', digest: digestOf(1), limit: 500 });
  return { summary, revision, items: items.map((finding) => Object.fromEntries(Object.entries(finding).filter(([field]) => field !== 'first_seen' && field !== 'fix_seen'))) };
};
/** Hands a bundle from one to the other, as a person with a disk does. */
const carry = async (base?: number): Promise<string> => {
  const { document, name } = await here.ask(ExportBundle, base === undefined ? {} : { base }, { timeoutMs: 60_000 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of await here.documents.stream(document)) chunks.push(chunk);
  writeFileSync(join(there.files, name), Buffer.concat(chunks));
  expect(statSync(join(there.files, name)).size).toBe(document.size);
  return name;
};
const take = (file: string, more: object = {}) => there.ask(ImportBundle, { file, ...more }, { timeoutMs: 60_000 });
const sizes: Record<string, number> = {};

it('a whole revision and a day\'s difference make the findings of a second platform the same', async () => {
  await takeIn(today);
  await here.ingestText('cisa-kev', 'kev.json', JSON.stringify({ title: 'KEV', catalogVersion: '2026.01.01', dateReleased: '2026-01-01T00:00:00Z', count: 1, vulnerabilities: [{ cveID: today[3]!['aliases'] instanceof Array ? today[3]!['aliases'][0] : '', vendorProject: 'a', product: 'b', vulnerabilityName: 'c', dateAdded: '2026-01-01', shortDescription: '', requiredAction: '', dueDate: '2026-01-21', knownRansomwareCampaignUse: 'Unknown', notes: '' }] }));
  const whole = await carry();
  expect(await take(whole)).toMatchObject({ revision: 2, origin: { revision: 2, base: null }, sources: 2, added: count + 1, changed: 0, removed: 0 });
  expect(await findings(there)).toEqual(await findings(here));
  expect((await findings(here) as { items: unknown[] }).items.length).toBeGreaterThan(20);

  await takeIn(tomorrow);
  const day = await carry(2);
  expect(await take(day)).toMatchObject({ revision: 3, origin: { revision: 3, base: 2 }, added: 0, changed: 30, removed: 6 });
  expect(await findings(there)).toEqual(await findings(here));
  expect(await there.db.query('select source, ecosystem, records from source_ecosystems order by 1, 2')).toEqual(await here.db.query('select source, ecosystem, records from source_ecosystems order by 1, 2'));
  sizes['whole'] = statSync(join(there.files, whole)).size;
  sizes['day'] = statSync(join(there.files, day)).size;
  expect(sizes['day'] / sizes['whole']).toBeLessThan(0.05);
}, 120_000);

it('the same bundle again is no news, and an older one is refused unless a person says so', async () => {
  expect(await take('plimsoll-feeds-3-from-2.tar').catch((error: { code: string }) => error.code)).toBe('bundle-base-missing');
  await expect(take('plimsoll-feeds-2.tar')).rejects.toMatchObject({ code: 'bundle-older' });
  expect(await take('plimsoll-feeds-2.tar', { accept_older: true })).toMatchObject({ revision: 4, added: 6, changed: 30, removed: 0 });
  expect(await take('plimsoll-feeds-3-from-2.tar')).toMatchObject({ revision: 5, added: 0, changed: 30, removed: 6 });
});

it('a difference to what is not here is refused', async () => {
  await takeIn(today);
  await takeIn(tomorrow);
  await expect(take(await carry(4))).rejects.toMatchObject({ code: 'bundle-base-missing' });
}, 60_000);

it('one flipped bit anywhere is refused, and nothing of the bundle is taken', async () => {
  const whole = readFileSync(join(there.files, 'plimsoll-feeds-3-from-2.tar')), spoilt = join(keys, 'spoilt.tar');
  const before = await there.db.query('select max(number) as revision, (select count(*) from advisories) as rows from revisions');
  // Every byte of the beginning, where the format is densest, and a spread over the rest.
  const places = [...Array(2_600).keys(), ...Array.from({ length: 400 }, (_, n) => Math.floor(n * whole.length / 400)), whole.length - 1];
  for (const at of places) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1 << at % 8;
    writeFileSync(spoilt, bytes);
    const outcome = await openBundle(spoilt, [ours.publicKey]).then(() => 'taken', (error: { code?: string }) => error.code);
    expect(outcome, `byte ${at}`).toMatch(/^bundle-(malformed|tampered|signature|key-unknown)$/);
  }
  writeFileSync(join(there.files, 'spoilt.tar'), readFileSync(spoilt));
  await expect(take('spoilt.tar')).rejects.toMatchObject({ code: 'bundle-tampered' });
  expect(await there.db.query('select max(number) as revision, (select count(*) from advisories) as rows from revisions')).toEqual(before);
});

it.each<[string, string, (path: string) => Promise<unknown>]>([
  ['signed by a key nobody trusts', 'bundle-key-unknown', (path) => exportBundle(here.db, path, theirs.privateKey)],
  ['made in the future', 'bundle-from-future', (path) => exportBundle(here.db, path, ours.privateKey, { now: new Date(Date.now() + 3_600_000) })],
  ['cut', 'bundle-tampered', async (path) => { copyFileSync(join(there.files, 'plimsoll-feeds-2.tar'), path); writeFileSync(path, readFileSync(path).subarray(0, -600)); }],
  ['with something behind its end', 'bundle-tampered', async (path) => writeFileSync(path, Buffer.concat([readFileSync(join(there.files, 'plimsoll-feeds-2.tar')), Buffer.alloc(512)]))],
  ['of another kind', 'bundle-malformed', async (path) => writeFileSync(path, Buffer.alloc(4096))],
])('a bundle %s is refused as %s', async (_name, code, make) => {
  await make(join(there.files, 'bad.tar'));
  await expect(take('bad.tar')).rejects.toMatchObject({ code });
  rmSync(join(there.files, 'bad.tar'));
});

it('equal content makes equal bytes', async () => {
  const now = new Date(Date.now() - 1000), [a, b] = [join(keys, 'a.tar'), join(keys, 'b.tar')];
  for (const path of [a, b]) await exportBundle(here.db, path, ours.privateKey, { now });
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});

it('the database of the stand-alone scanner is handed out, of the same revision', async () => {
  const { document, revision } = await here.ask(GetDatabase, {}, { timeoutMs: 60_000 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of await here.documents.stream(document)) chunks.push(chunk);
  writeFileSync(join(keys, 'advisories.db'), Buffer.concat(chunks));
  using database = openDatabase(join(keys, 'advisories.db'));
  database.verify();
  expect(database.revision).toBe(String(revision));
  expect(await here.ask(GetDatabase, {})).toEqual({ document, revision });
});
