import { readFileSync } from 'node:fs';
import { type Advisory, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { indexTarget } from '@plimsoll/inventory';
import { recogniseTarget } from '@plimsoll/oci';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AdvisoryIndex, indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { hasShared, shared } from './images.spec-helper.ts';
import { match } from './match.ts';

const feeds = [
  ['osv-almalinux', 'osv-AlmaLinux-all.zip'], ['osv-go', 'osv-Go-all.zip'], ['osv-crates', 'osv-crates.io-all.zip'], ['pypa', 'pypa-advisory-database.tar.zst'],
  ['osv-npm', 'osv-GHSA-and-distro-samples.zip'], ['debian-tracker', 'debian-tracker-derived.json.zst'], ['alpine-v3.15', 'alpine-secdb.tar.zst'],
  ['azure-linux-oval', 'azurelinux-oval.tar.zst'], ['rubysec', 'rubysec-ruby-advisory-db.tar.zst'],
] as const;
/** The rest of the shared images; `ubuntu:20.04-trimmed` is in trackers.spec.ts, with the tracker that takes longest to read. */
const others = ['debian11-and-acme-storefront debian:11.11-slim', 'misc-7-images debian12-nginx:trimmed', 'misc-7-images mariner:2.0-rpmdb-only', 'misc-7-images sles:15.3-ndb-only', 'misc-7-images busybox:glibc'];
const expected = (name: string) => JSON.parse(readFileSync(shared(`expected/${name}.json`), 'utf8'));

describe.skipIf(!hasShared)(`images read by the scanner's own catalogers${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  let index: AdvisoryIndex;
  beforeAll(async () => {
    const advisories: Advisory[] = [];
    for (const [id, file] of feeds) for await (const reading of readFeed(sourceOf(id)!, recordsOf(shared(`feeds/${file}`)))) if (reading.kind === 'advisory') advisories.push(reading.advisory);
    index = indexOf(advisories);
  }, 300_000);
  const findingsOf = async (archive: string, ref: string) => {
    const inventory = await indexTarget(await recogniseTarget(`oci-archive:${shared(`images/${archive}.oci.tar`)}:${ref}`));
    expect(match(inventory, index, { all: true }).findings.map(check).filter(Boolean)).toEqual([]);
    return match(inventory, index).findings;
  };

  it('almalinux:9.1-micro: every notice of every package', async () => {
    const findings = await findingsOf('misc-7-images', 'almalinux:9.1-micro');
    const reference = expected('almalinux9-micro-20221117').map((one: { advisory: string; package: string; fixed: string }) => `${one.advisory} ${one.package}`).sort();
    expect([...new Set(findings.flatMap(({ advisories, package: found }) => advisories!.map((id) => `${id} ${found.name}`)))].sort()).toEqual([...new Set(reference)].sort());
  }, 60_000);

  it('a distroless image, whose packages have a file each', async () => {
    const findings = await findingsOf('misc-7-images', 'distroless-style/cc-debian12:12.15');
    const reference = expected('distroless-style-cc-debian12-tracker').flatMap((one: { cve: string; fixed: string; binaries: string[] }) => one.binaries.map((binary) => `${one.cve} ${one.fixed} ${binary}`)).sort();
    expect(findings.map(({ id, fixed_version: fixed, package: found }) => `${id} ${fixed} ${found.name}`).sort()).toEqual(reference);
  }, 60_000);

  it('acme/storefront: system and language packages together', async () => {
    const findings = await findingsOf('debian11-and-acme-storefront', 'acme/storefront:1.4.2');
    const system = expected('acme-storefront-1.4.2-tracker').flatMap((one: { cve: string; binaries: string[] }) => one.binaries.map((binary) => `${one.cve} ${binary}`)).sort();
    expect(findings.filter(({ package: found }) => found.type === 'deb').map(({ id, package: found }) => `${id} ${found.name}`).sort()).toEqual(system);
    type Reference = { ecosystem: string; package: string; version: string; id: string };
    // RubyGems findings of the reference are of ruby-advisory-db, whose format is none of OSV's.
    const language = expected('acme-storefront-1.4.2-lang').findings.filter(({ ecosystem }: Reference) => ecosystem !== 'RubyGems').map((one: Reference) => `${one.package} ${one.version} ${one.id}`);
    const found = findings.filter(({ package: { type } }) => type !== 'deb' && type !== 'gem').flatMap(({ advisories, proof }) => advisories!.map((id) => `${proof.name} ${proof.version} ${id}`));
    expect([...new Set(found)].sort()).toEqual([...new Set<string>(language)].sort());
  }, 60_000);

  it.each([...others.map((one) => `oci-archive:${shared(`images/${one.split(' ')[0]}.oci.tar`)}:${one.split(' ')[1]}`), `docker-archive:${shared('images/alpine-3.15.0.docker-archive.tar.gz')}`])('every answer follows from its proof: %s', async (target) => {
    const inventory = await indexTarget(await recogniseTarget(target)), { findings, not_covered: uncovered } = match(inventory, index, { all: true });
    expect(findings.map(check).filter(Boolean)).toEqual([]);
    expect(findings.length + uncovered.length).toBeGreaterThanOrEqual(inventory.packages.length > 0 ? 1 : 0);
  }, 60_000);

  it.each(['linux/amd64', 'linux/arm64'])('every answer follows from its proof: alpine edge, %s', async (platform) => {
    const inventory = await indexTarget(await recogniseTarget(`oci-archive:${shared('images/alpine-edge-20240923-multiarch.oci.tar')}`), { platform });
    const { findings } = match(inventory, index, { all: true });
    expect(findings.map(check).filter(Boolean)).toEqual([]);
    expect(findings.length).toBeGreaterThan(0);
  }, 60_000);
});
