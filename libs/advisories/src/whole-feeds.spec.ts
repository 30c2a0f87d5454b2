import { describe, expect, it } from 'vitest';
import { severityOf } from './cvss.ts';
import { hasShared, shared } from './feeds.spec-helper.ts';
import { type FeedCounts, noCounts, readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';
import { coversEcosystem, sourceOf, sources } from './sources.ts';

const parse = sourceOf('osv-npm')!.parse;

// What MANIFEST.md says of each file, and why where a number differs.
const feeds: { file: string; parse: typeof parse; counts: Partial<FeedCounts>; only?: RegExp }[] = [
  // 5,680 files, of which 43 are the same notice put into the directory of each release it is for (37 ids).
  // 69,160 entries; those of a module and its -devel twin stand for both.
  { file: 'osv-AlmaLinux-all.zip', parse, counts: { advisories: 5_637, repeated: 43, rejected: 0, affected: 72_691 } },
  { file: 'osv-Go-all.zip', parse, counts: { advisories: 4_291, withdrawn: 17, rejected: 0 } },
  { file: 'osv-crates.io-all.zip', parse, counts: { advisories: 1_206, withdrawn: 13, rejected: 0 } },
  { file: 'osv-PSF-all.zip', parse, counts: { advisories: 132, affected: 0, rejected: 0 } },
  { file: 'osv-GHSA-and-distro-samples.zip', parse, counts: { advisories: 643, withdrawn: 10, rejected: 0 } },
  { file: 'ghsa-npm-abridged.tar.zst', parse, counts: { advisories: 29, rejected: 0 } },
  { file: 'bitnami-vulndb-osv.tar.zst', parse, counts: { advisories: 7_444, rejected: 0 } },
  // 7,080 YAML files; the manifest's 7,081 takes in `.id-allocator`.
  { file: 'pypa-advisory-database.tar.zst', parse, counts: { advisories: 7_080, rejected: 0 } },
  { file: 'debian-tracker-derived.json.zst', parse: sourceOf('debian-tracker')!.parse, counts: { advisories: 23_625, affected: 35_167, rejected: 0 } },
  { file: 'alpine-secdb-yaml-2020.tar.zst', parse: sourceOf('alpine-edge')!.parse, counts: { rejected: 0 } },
];

describe.skipIf(!hasShared)(`whole feeds${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  it.each(feeds)('$file', async ({ file, parse: parser, counts: expected }) => {
    const counts = noCounts();
    let odd = 0;
    for await (const reading of readFeed({ id: 'test', parse: parser }, recordsOf(shared(`feeds/${file}`)), counts)) {
      if (reading.kind !== 'advisory') continue;
      const { severity, severities } = reading.advisory;
      // GitHub words its severity after CVSS, with four exceptions in the sample; where we cannot score a vector or score it otherwise, it shows.
      if (reading.advisory.id.startsWith('GHSA-') && severity !== undefined && severities.length > 0 && !severities.some(({ score }) => score !== undefined && severityOf(score) === severity)) odd++;
    }
    expect(counts).toMatchObject(expected);
    expect(odd).toBe(file.startsWith('osv-GHSA') ? 4 : 0);
  }, 120_000);

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
