import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { severityOf } from './cvss.ts';
import { hasShared, shared } from './feeds.spec-helper.ts';
import { detectPublication } from './publications.ts';
import { readFeed } from './read-feed.ts';
import { noRecords } from './read-records.ts';
import { recordsOf } from './records-of.ts';
import { coversEcosystem, sourceOf, sources } from './sources.ts';

interface Whole {
  readonly file: string;
  /** What it is recognised as. */
  readonly id: string;
  /** Records that MANIFEST.md says it has. */
  readonly manifest: number;
  /** What it becomes: advisories, enrichments or statements. */
  readonly records: number;
  readonly affected?: number;
  /** Records kept aside, by Problem. */
  readonly aside?: Readonly<Record<string, number>>;
  /** Why the two numbers differ, or what was kept aside. */
  readonly why?: string;
}

const feeds: readonly Whole[] = [
  { file: 'debian-security-tracker-lists.tar.zst', id: 'debian-lists', manifest: 6_485 + 4_890, records: 11_375, affected: 13_438, aside: { 'record-duplicate': 2 }, why: 'the snapshot of 2025 beside it has older copies of both lists' },
  { file: 'debian-tracker-derived.json.zst', id: 'debian-tracker', manifest: 23_625, records: 23_625, affected: 35_167 },
  { file: 'debian-changelog-cves.json.zst', id: 'debian-changelogs', manifest: 2_852, records: 2_852 },
  { file: 'alpine-secdb.tar.zst', id: 'alpine-secdb', manifest: 2_066 + 3_370 + 2_088 + 4_085 + 2_178 + 4_221 + 3_262 + 6_542, records: 27_704, aside: { 'record-duplicate': 6 }, why: 'ids of one package in several lines are one advisory; older snapshots beside it say six of them otherwise' },
  { file: 'alpine-secdb-yaml-2020.tar.zst', id: 'alpine-secdb-yaml-2020', manifest: 20, records: 11_888, why: 'counted in files of a repository and branch' },
  { file: 'ubuntu-cve-tracker.tar.zst', id: 'ubuntu-cve-tracker', manifest: 46_773, records: 46_773, aside: { 'record-line-unreadable': 1 }, why: 'one line of one file has no state' },
  { file: 'osv-AlmaLinux-all.zip', id: 'osv-almalinux', manifest: 5_680, records: 5_637, affected: 72_691, why: '43 notices lie in the folder of each release they are for (37 ids); of 69,160 entries those of a module and its -devel twin stand for both' },
  { file: 'osv-Go-all.zip', id: 'osv-go', manifest: 4_291, records: 4_291 },
  { file: 'osv-crates.io-all.zip', id: 'osv-crates', manifest: 1_206, records: 1_206 },
  { file: 'pypa-advisory-database.tar.zst', id: 'osv-pypi', manifest: 7_081, records: 7_080, why: '7,080 YAML files, and .id-allocator' },
  { file: 'rubysec-ruby-advisory-db.tar.zst', id: 'rubysec', manifest: 1_381, records: 1_381 },
  { file: 'friendsofphp-security-advisories.tar.zst', id: 'friendsofphp', manifest: 1_592, records: 1_592 },
  { file: 'bitnami-vulndb-osv.tar.zst', id: 'osv-bitnami', manifest: 7_444, records: 7_444 },
  { file: 'osv-PSF-all.zip', id: 'osv-psf-all', manifest: 132, records: 132, affected: 0 },
  { file: 'osv-GHSA-and-distro-samples.zip', id: 'osv-ghsa-and-distro-samples', manifest: 643, records: 643 },
  { file: 'ghsa-npm-abridged.tar.zst', id: 'ghsa-npm-abridged', manifest: 29, records: 29 },
  { file: 'nodejs-security-wg-vuln.tar.zst', id: 'nodejs', manifest: 467 + 171, records: 644, why: 'and 6 assessments of dependencies' },
  { file: 'retirejs-repository.tar.zst', id: 'retirejs', manifest: 12, records: 1_264, why: 'counted in files: one list in ten shapes, of which one is read, the list of npm packages, and test cases' },
  { file: 'victims-cve-db.tar.zst', id: 'victims', manifest: 218, records: 218 },
  { file: 'cisa-kev.tar.zst', id: 'cisa-kev', manifest: 1_404 + 1_404 + 1_460, records: 4_268 },
  { file: 'cve-v5-samples.zip', id: 'cve5', manifest: 125, records: 125 },
  { file: 'azurelinux-oval.tar.zst', id: 'azure-linux-oval', manifest: 1_222 + 2_252 + 2_127, records: 5_601 },
  { file: 'photon-oval-com.vmware.phsa-photon3.xml.zst', id: 'photon-oval', manifest: 222, records: 222 },
  { file: 'redhat-vex-csaf.tar.zst', id: 'redhat-vex-csaf', manifest: 62, records: 51 + 41, why: 'counted in documents: 51 of one CVE each, 11 notices of 41 together' },
  { file: 'csaf-cisa-2024.tar.zst', id: 'vex', manifest: 349, records: 3, aside: { 'statement-unbound': 1_473 }, why: 'counted in files, one of them a list of the others; they speak of devices, and one names files by their hash' },
  { file: 'openvex-aquasecurity-vexhub.tar.zst', id: 'vex', manifest: 116, records: 15_304, why: 'counted in files: 59 documents, the others are manifests' },
  { file: 'format-samples-all-feeds.tar.zst', id: 'format-samples-all-feeds', manifest: 513, records: 561, why: 'counted in files, archives as one; each is read by its own format (format-samples.spec.ts), and what is no publication (indexes, readmes, bugs, builds, other scanners\' snapshots, broken on purpose) is named' },
];

const inOrder = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([code, count]) => `${code} ${count}`).sort().join(', ');

describe.skipIf(!hasShared)(`whole feeds${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  const differences: string[] = [];
  afterAll(() => console.log(['Where feeds and MANIFEST.md count differently:', ...differences].join('\n')));

  it('there is no other file', () => {
    expect(readdirSync(shared('feeds')).filter((file) => !file.endsWith('.sources.json')).sort()).toEqual(feeds.map(({ file }) => file).sort());
  });

  it.each(feeds)('$file', async ({ file, id, manifest, records, affected, aside = {}, why }) => {
    const path = shared(`feeds/${file}`), publication = (await detectPublication(path))!, counts = noRecords();
    let odd = 0;
    for await (const reading of publication.read(recordsOf(path), counts)) {
      if (reading.kind !== 'advisory' || !reading.advisory.id.startsWith('GHSA-')) continue;
      // GitHub words its severity after CVSS, with four exceptions in the sample; where we cannot score a vector or score it otherwise, it shows.
      const { severity, severities } = reading.advisory;
      if (severity !== undefined && severities.length > 0 && !severities.some(({ score }) => score !== undefined && severityOf(score) === severity)) odd++;
    }
    if (counts.records !== manifest || counts.rejected > 0) differences.push(`  ${file}: ${manifest} there, ${counts.records} here${counts.rejected > 0 ? `, ${counts.rejected} kept aside` : ''}: ${why ?? 'not explained'}`);
    expect({ id: publication.id, records: counts.records, ...(affected === undefined ? {} : { affected: counts.affected }) }).toEqual({ id, records, ...(affected === undefined ? {} : { affected }) });
    // A collection's own test says what of it is kept aside.
    if (file.startsWith('format-samples')) expect(counts.rejected).toBeGreaterThan(400);
    else expect(inOrder(counts.problems)).toBe(inOrder(aside));
    expect(records === manifest && counts.rejected === 0).toBe(why === undefined);
    expect(odd).toBe(file.startsWith('osv-GHSA') ? 4 : 0);
  }, 180_000);

  it.each([['v3.15', 2_066 + 3_370], ['v3.16', 2_088 + 4_085], ['v3.17', 2_178 + 4_221], ['edge', 3_262 + 6_542]])('alpine-secdb.tar.zst, %s: every one of %i fix ids', async (branch, ids) => {
    const records = async function* () { for await (const record of recordsOf(shared('feeds/alpine-secdb.tar.zst'))) if (record.name.startsWith(`${branch}/`)) yield record; };
    const lines = new Map<string, number>();
    for await (const reading of readFeed(sourceOf('alpine-edge')!, records())) {
      expect(reading.kind).toBe('advisory');
      if (reading.kind !== 'advisory') continue;
      for (const { ranges } of reading.advisory.affected) lines.set(reading.advisory.key, Math.max(1, ranges?.length ?? 0));
    }
    // A line with two CVEs becomes two advisories, and an id that stands in two lines of one version becomes one.
    const found = [...lines.values()].reduce((sum, count) => sum + count, 0);
    expect(Math.abs(found - ids)).toBeLessThanOrEqual(20);
  });
});

it('the table of sources is in order', () => {
  expect(new Set(sources.map(({ id }) => id)).size).toBe(sources.length);
  for (const source of sources) {
    // What nobody fetches comes in parts, by hand, and covers nothing.
    if (source.urls.length === 0 && source.list === undefined) expect(source.covers).toEqual([]);
    for (const url of source.urls) expect(new URL(url).protocol).toBe('https:');
    // Of two that say the same one is fetched.
    if (source.repeats !== undefined) expect(sourceOf(source.repeats)).toSatisfy(({ urls, list, repeats }: typeof source) => (urls.length > 0 || list !== undefined) && repeats === undefined);
    expect(source.floor).toBeGreaterThan(0);
    expect(source.interval).toBeGreaterThanOrEqual(300);
  }
  expect(sourceOf('nothing')).toBeUndefined();
});

it.each<[boolean, string, string, number]>([
  [true, 'osv-npm', 'npm', 1], [false, 'osv-npm', 'npm', 0], [false, 'osv-npm', 'Maven', 5_000],
  [true, 'debian-tracker', 'Debian:12', 1], [true, 'osv-ubuntu', 'Ubuntu:Pro:20.04', 1],
  [true, 'alpine-v3.20', 'Alpine:v3.20', 1], [false, 'alpine-v3.20', 'Alpine:v3.19', 5_000],
  [false, 'private', 'npm', 5_000],
  [false, 'somebody-else', 'npm', 399], [true, 'somebody-else', 'npm', 400],
])('%s: %s covers %s with %i records', (covers, id, ecosystem, records) => {
  expect(coversEcosystem(id, ecosystem, records)).toBe(covers);
});
