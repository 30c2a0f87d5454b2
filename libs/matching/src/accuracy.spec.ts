import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { type Advisory, bytesOf, noCounts, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { less } from './comparators.spec-helper.ts';
import type { Finding } from './finding.ts';
import { hasShared, operatingSystemOf, shared } from './images.spec-helper.ts';
import { match } from './match.ts';

const reason = hasShared ? '' : ' (skipped: ../shared/data absent)';

async function advisories(sourceId: string, file: string, wants: (name: string) => boolean = () => true): Promise<Advisory[]> {
  const found: Advisory[] = [];
  const records = async function* () { for await (const record of recordsOf(shared(file))) if (wants(record.name)) yield record; };
  for await (const reading of readFeed(sourceOf(sourceId)!, records(), noCounts())) if (reading.kind === 'advisory') found.push(reading.advisory);
  return found;
}

const expected = (name: string) => JSON.parse(readFileSync(shared(`expected/${name}.json`), 'utf8'));

/** `problem source fixed binary`, sorted: what findings and references are compared by. */
const lines = (findings: readonly Finding[]): string[] => findings.filter(({ state }) => state === 'affected')
  .map(({ id, proof, fixed_version, package: found }) => `${id} ${proof.name} ${fixed_version ?? '-'} ${found.name}`).sort();

describe.skipIf(!hasShared)(`findings equal the reference and a brute-force evaluation${reason}`, () => {
  const debian = ['debian:11.11-slim', 'acme/storefront:1.4.2'].map((ref) => ({
    ref, image: 'images/debian11-and-acme-storefront.oci.tar', codename: 'bullseye', reference: ref.startsWith('debian') ? 'debian-11.11-slim-tracker' : 'acme-storefront-1.4.2-tracker',
  }));
  debian.push({ ref: 'debian12-nginx:trimmed', image: 'images/misc-7-images.oci.tar', codename: 'bookworm', reference: 'debian12-nginx-tracker' });

  it.each(debian)('$ref against the Debian tracker', async ({ ref, image, codename, reference }) => {
    const inventory = await operatingSystemOf(shared(image), ref);
    const index = indexOf(await advisories('debian-tracker', 'feeds/debian-tracker-derived.json.zst'));
    const { findings, not_covered: uncovered } = match(inventory, index, { all: true });

    type Reference = { cve: string; source: string; fixed: string; binaries: string[] };
    expect(lines(findings)).toEqual(expected(reference).flatMap((found: Reference) => found.binaries.map((binary) => `${found.cve} ${found.source} ${found.fixed} ${binary}`)).sort());

    expect(uncovered.map(({ name, reason: why }) => `${name} ${why}`)).toEqual(ref.startsWith('debian12')
      ? ['nginx', 'nginx-module-geoip', 'nginx-module-image-filter', 'nginx-module-njs', 'nginx-module-perl', 'nginx-module-xslt'].map((name) => `${name} third-party`) : []);
    if (ref.startsWith('debian12')) return;

    // Straight from the feed, every pair by an order of its own.
    const raw: Record<string, Record<string, { releases: Record<string, { status: string; fixed_version?: string }> }>> =
      JSON.parse(zstdDecompressSync(readFileSync(shared('feeds/debian-tracker-derived.json.zst'))).toString('utf8'));
    const brute: string[] = [];
    for (const found of inventory.packages) {
      for (const [cve, issue] of Object.entries(raw[found.source!.name] ?? {})) {
        const release = issue.releases[codename];
        if (release === undefined || release.fixed_version === '0') continue;
        if (release.status === 'open' && !release.fixed_version) brute.push(`${cve} ${found.source!.name} - ${found.name}`);
        else if (less('deb', found.source!.version, release.fixed_version!)) brute.push(`${cve} ${found.source!.name} ${release.fixed_version} ${found.name}`);
      }
    }
    expect(lines(findings)).toEqual(brute.sort());
    expect(findings.map(check).filter((wrong) => wrong !== undefined)).toEqual([]);
  }, 120_000);

  it.each([
    { image: 'images/alpine-3.15.0.docker-archive.tar.gz', ref: undefined, branch: 'v3.15', feed: /^\.?\/?v3\.15\// , reference: 'alpine-3.15.0' },
    { image: 'images/alpine-3.15.0.docker-archive.tar.gz', ref: undefined, branch: 'v3.15', feed: /older\/v3\.15-20211201\//, reference: 'alpine-3.15.0-feed20211201' },
    { image: 'images/alpine-edge-20240923-multiarch.oci.tar', ref: undefined, branch: 'edge', feed: /^\.?\/?edge\//, reference: 'alpine-edge' },
    { image: 'images/alpine-edge-20240923-multiarch.oci.tar', ref: undefined, branch: 'edge', feed: /older\/edge-20241001\//, reference: 'alpine-edge-feed20241001' },
    { image: 'images/alpine-edge-20240923-multiarch.oci.tar', ref: undefined, branch: 'edge', feed: /older\/edge-20251001\//, reference: 'alpine-edge-feed20251001' },
  ])('$reference against Alpine secdb', async ({ image, ref, branch, feed, reference }) => {
    const inventory = await operatingSystemOf(shared(image), ref);
    const index = indexOf(await advisories(`alpine-${branch}`, 'feeds/alpine-secdb.tar.zst', (name) => feed.test(name)));
    const { findings, not_covered: uncovered } = match(inventory, index, { all: true });
    expect(uncovered).toEqual([]);
    type Reference = { ids: string[]; origin: string; fixed: string; binaries: string[] };
    expect([...new Set(lines(findings))]).toEqual([...new Set(expected(reference).flatMap((found: Reference) => found.binaries.map((binary) => `${found.ids[0]!.split(' ')[0]} ${found.origin} ${found.fixed} ${binary}`)))].sort());
    expect(findings.map(check).filter((wrong) => wrong !== undefined)).toEqual([]);

    // Straight from the feed: every line of every package of the origin, by apk's own order.
    const { compareVersions } = await import('@plimsoll/versions');
    const brute = new Set<string>();
    for await (const record of recordsOf(shared('feeds/alpine-secdb.tar.zst'))) {
      if (!feed.test(record.name)) continue;
      const db: { packages: { pkg: { name: string; secfixes: Record<string, string[]> } }[] } = JSON.parse((await bytesOf(record, 1 << 26)).toString('utf8'));
      for (const { pkg } of db.packages) for (const found of inventory.packages.filter(({ source }) => source!.name === pkg.name)) {
        for (const [fixed, ids] of Object.entries(pkg.secfixes)) if (fixed !== '0' && compareVersions('apk', found.version, fixed).result === -1) for (const id of ids) brute.add(`${id.split(' ')[0]} ${pkg.name} ${fixed} ${found.name}`);
      }
    }
    expect(lines(findings)).toEqual([...brute].sort());
  });
});
