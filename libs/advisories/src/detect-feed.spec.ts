import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { detectFeed } from './detect-feed.ts';
import { advisories, all, hasShared, shared, tarOf, zipOf } from './feeds.spec-helper.ts';
import { readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';
import { coversEcosystem } from './sources.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-detect-'));
afterAll(() => rmSync(directory, { recursive: true }));
const written = (name: string, bytes: Buffer | string): string => { writeFileSync(join(directory, name), bytes); return join(directory, name); };

/** So many OSV records, the n-th of which names what `of` says. */
const osv = (count: number, of: (n: number) => readonly string[], more: Record<string, string> = {}): Buffer => zipOf({
  ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}.json`, JSON.stringify({ id: `X-${n}`, modified: '2026-01-01T00:00:00Z', affected: of(n).map((ecosystem) => ({ package: { ecosystem, name: 'a' } })) })])), ...more,
});
const secdb = (branch: string, count: number): string => JSON.stringify({ distroversion: branch, reponame: 'main', packages: [{ pkg: { name: 'a', secfixes: { '1-r0': Array.from({ length: count }, (_, n) => `CVE-2026-${1000 + n}`) } } }] });
const tracker = (count: number): string => JSON.stringify({ a: Object.fromEntries(Array.from({ length: count }, (_, n) => [`CVE-2026-${1000 + n}`, { releases: { bookworm: { status: 'open', urgency: 'low' } } }])) });

describe('which source a file is', () => {
  it.each<[string, string, () => Buffer | string, string]>([
    ['one registry', 'go-all.zip', () => osv(400, () => ['Go']), 'osv-go'],
    ['too few to be all', 'go-few.zip', () => osv(399, () => ['Go']), 'go-few'],
    ['a registry and what strays into it', 'npm-all.zip', () => osv(900, (n) => n % 2 ? ['npm', 'Maven'] : ['npm']), 'osv-npm'],
    ['several registries', 'ghsa.zip', () => osv(900, (n) => n % 2 ? ['Maven'] : ['npm']), 'ghsa-file'],
    ['two that always come together', 'twins.zip', () => osv(900, () => ['npm', 'Maven']), 'twins'],
    ['releases of one distribution', 'alma.zip', () => osv(400, (n) => [`AlmaLinux:${8 + n % 3}`]), 'osv-almalinux'],
    ['records that name source commits only, beside others', 'mixed.zip', () => osv(800, (n) => n % 2 ? [] : ['Go']), 'osv-go'],
    ['an ecosystem nobody publishes by itself', 'odd.zip', () => osv(400, () => ['OSS-Fuzz']), 'odd'],
    ['a readme that names another', 'readme.zip', () => osv(400, () => ['Go'], { 'README.md': '"ecosystem": "npm"' }), 'osv-go'],
    ['a handful in a file called after a source', 'osv-npm.zip', () => osv(3, () => ['npm']), 'osv-npm-file'],
    ['private advisories by their name', 'private.zip', () => osv(3, () => ['npm']), 'private'],
    ['a whole tracker', 'tracker.json', () => tracker(400), 'debian-tracker'],
    ['a sample of it', 'debian-tracker.json', () => tracker(12), 'debian-tracker-file'],
    ['branches', 'secdb.tar', () => tarOf({ 'v3.20/main.json': secdb('v3.20', 400), 'v3.19/main.json': secdb('v3.19', 3) }), 'secdb'],
  ])('%s', async (_, name, bytes, id) => {
    expect((await detectFeed(written(name, bytes())))?.id).toBe(id);
  });

  it('a bundle of branches is a source for each whole one', async () => {
    const path = written('bundle.tar', tarOf({ 'v3.20/main.json': secdb('v3.20', 400), 'v3.19/main.json': secdb('v3.19', 3), 'v3.2/main.json': secdb('v3.2', 3) }));
    const feed = (await detectFeed(path))!;
    const found = advisories(await all(readFeed(feed, recordsOf(path))));
    expect(Object.fromEntries(found.map(({ source, affected: [entry] }) => [entry!.ecosystem, source]))).toEqual({ 'Alpine:v3.20': 'alpine-v3.20', 'Alpine:v3.19': 'bundle', 'Alpine:v3.2': 'alpine-v3.2' });
  });

  it('a record that cannot be read is left to the reader', async () => {
    expect((await detectFeed(written('crc.zip', zipOf(Object.fromEntries(Array.from({ length: 450 }, (_, n) => [`${n}.json`, `{"id":"X-${n}","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"a"}}]}`])), { crc: 7 }))))?.id).toBe('osv-go');
  });
});

describe.skipIf(!hasShared)(`what real files cover${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  it.each<[string, string, string[]]>([
    ['debian-tracker-derived.json.zst', 'debian-tracker', ['Debian:10', 'Debian:11', 'Debian:12', 'Debian:13']],
    ['alpine-secdb.tar.zst', 'alpine-secdb', ['Alpine:edge', 'Alpine:v3.15', 'Alpine:v3.16', 'Alpine:v3.17']],
    ['alpine-secdb-yaml-2020.tar.zst', 'alpine-secdb-yaml-2020', ['Alpine:v3.10', 'Alpine:v3.11', ...[3, 4, 5, 6, 7, 8, 9].map((minor) => `Alpine:v3.${minor}`)]],
    ['osv-AlmaLinux-all.zip', 'osv-almalinux', ['AlmaLinux:10', 'AlmaLinux:8', 'AlmaLinux:9']],
    ['osv-Go-all.zip', 'osv-go', ['Go']], ['osv-crates.io-all.zip', 'osv-crates', ['crates.io']],
    ['bitnami-vulndb-osv.tar.zst', 'osv-bitnami', ['Bitnami']],
    ['rubysec-ruby-advisory-db.tar.zst', 'rubysec', ['RubyGems']], ['friendsofphp-security-advisories.tar.zst', 'friendsofphp', []],
    ['osv-GHSA-and-distro-samples.zip', 'osv-ghsa-and-distro-samples', []], ['ghsa-npm-abridged.tar.zst', 'ghsa-npm-abridged', []],
  ])('%s', async (file, id, ecosystems) => {
    const path = shared(`feeds/${file}`), feed = (await detectFeed(path))!;
    expect(feed.id).toBe(id);
    const counts = new Map<string, number>();
    for (const { source, affected } of advisories(await all(readFeed(feed, recordsOf(path))))) {
      for (const ecosystem of new Set(affected.map((entry) => entry.ecosystem))) counts.set(`${source} ${ecosystem}`, (counts.get(`${source} ${ecosystem}`) ?? 0) + 1);
    }
    const covered = [...counts].flatMap(([name, count]) => { const [source, ...ecosystem] = name.split(' '); return coversEcosystem(source!, ecosystem.join(' '), count) ? [ecosystem.join(' ')] : []; });
    expect(covered.sort()).toEqual(ecosystems);
  }, 120_000);
});
