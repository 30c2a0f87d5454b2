import { readFileSync } from 'node:fs';
import { type Advisory, normaliseName, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AdvisoryIndex, indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { hasShared, shared } from './images.spec-helper.ts';
import { judge } from './judge.ts';

const feeds = ['osv-AlmaLinux-all.zip', 'osv-Go-all.zip', 'osv-crates.io-all.zip', 'pypa-advisory-database.tar.zst', 'bitnami-vulndb-osv.tar.zst', 'osv-GHSA-and-distro-samples.zip'];
const parse = sourceOf('osv-npm')!.parse;

describe.skipIf(!hasShared)(`language packages agree with others${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  let index: AdvisoryIndex;
  const ids = new Set<string>();
  const asked = (ecosystem: string, name: string, version: string) => ({ ecosystem, name: normaliseName(ecosystem, name), version: version.replace(/^v(?=\d)/, '') });

  beforeAll(async () => {
    const advisories: Advisory[] = [];
    for (const feed of feeds) for await (const reading of readFeed({ id: feed, parse }, recordsOf(shared(`feeds/${feed}`)))) if (reading.kind === 'advisory') advisories.push(reading.advisory);
    for (const { id } of advisories) ids.add(id);
    index = indexOf(advisories);
  }, 300_000);

  it('finds every id that api.osv.dev answered and our feeds hold', () => {
    type Row = { ecosystem: string; name: string; version: string; vulns: { id: string }[] };
    const rows: Row[] = readFileSync(shared('oracle/osv-api-oracle.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    let hits = 0, absent = 0, extra = 0;
    const missed: string[] = [];
    for (const { ecosystem, name, version, vulns } of rows.filter((row) => row.name !== '')) {
      const found = new Set(judge(index, asked(ecosystem, name, version)).filter(({ state }) => state === 'affected').flatMap(({ advisories }) => advisories!));
      const wanted = new Set(vulns.map(({ id }) => id));
      for (const id of wanted) if (!ids.has(id)) absent++; else if (found.has(id)) hits++; else missed.push(`${ecosystem} ${name} ${version} ${id}`);
      for (const id of found) if (!wanted.has(id)) extra++;
    }
    console.info(`OSV oracle: ${hits} hits, ${missed.length} missed, ${extra} extra (advisories newer than the answers), ${absent} ids not in these feeds`);
    expect(missed).toEqual([]);
    expect(hits).toBeGreaterThanOrEqual(336);
    expect(extra).toBeLessThanOrEqual(33);
  });

  it('finds in acme/storefront what the reference found, and nothing else', () => {
    type Reference = { components: { ecosystem: string; name: string; version: string }[]; findings: { ecosystem: string; package: string; version: string; id: string }[] };
    const { components, findings }: Reference = JSON.parse(readFileSync(shared('expected/acme-storefront-1.4.2-lang.json'), 'utf8'));
    const found = new Set<string>(), wrong: string[] = [];
    for (const { ecosystem, name, version } of components) {
      for (const judgement of judge(index, asked(ecosystem, name, version), true)) {
        const problem = check({ ...judgement, package: { purl: '', name, version, type: 'generic' } });
        if (problem !== undefined) wrong.push(problem);
        // Each record on its own: the reference does not join records of one problem.
        if (judgement.state === 'affected') for (const id of judge(index, asked(ecosystem, name, version)).filter((one) => one.id === judgement.id).flatMap(({ advisories }) => advisories!)) found.add(`${ecosystem} ${name} ${version} ${id}`);
      }
    }
    // The reference's RubyGems findings are of ruby-advisory-db, whose format is none of OSV's.
    const expected = findings.filter(({ ecosystem }) => ecosystem !== 'RubyGems').map((one) => `${one.ecosystem} ${one.package} ${one.version} ${one.id}`);
    expect([...found].filter((line) => !line.startsWith('RubyGems ')).sort()).toEqual([...new Set(expected)].sort());
    expect(wrong).toEqual([]);
  });
});
