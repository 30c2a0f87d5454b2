import { writeFileSync } from 'node:fs';
import { fromSbom, indexTarget, LayerPool, toCycloneDx, toSpdx } from '@plimsoll/inventory';
import { match, openDatabase } from '@plimsoll/matching';
import { recogniseTarget } from '@plimsoll/oci';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome, hasShared, reportOf, shared } from './plimsoll.spec-helper.ts';

const reason = hasShared ? '' : ' (skipped: ../shared or zstd absent)';
const image = (name: string): string => shared(`data/images/${name}`);
const targets = [
  { name: 'alpine-3.15.0.docker-archive.tar.gz', findings: true }, { name: 'alpine-edge-20240923-multiarch.oci.tar', findings: true },
  ...['debian:11.11-slim', 'acme/storefront:1.4.2'].map((ref) => ({ name: `debian11-and-acme-storefront.oci.tar:${ref}`, findings: true })),
  ...Object.entries({ 'debian12-nginx:trimmed': true, 'distroless-style/cc-debian12:12.15': true, 'almalinux:9.1-micro': true, 'ubuntu:20.04-trimmed': false, 'mariner:2.0-rpmdb-only': false, 'sles:15.3-ndb-only': false, 'busybox:glibc': false })
    .map(([ref, findings]) => ({ name: `misc-7-images.oci.tar:${ref}`, findings })),
];

describe.skipIf(!hasShared)(`an SBOM gives the findings of its image${reason}`, () => {
  const home = aHome(), pool = new LayerPool(2), path = home.file('advisories.db');
  afterAll(async () => { await pool.close(); home.remove(); });

  beforeAll(async () => {
    const feeds = ['debian-tracker-derived.json.zst', 'osv-Go-all.zip', 'osv-AlmaLinux-all.zip', 'ghsa-npm-abridged.tar.zst'].map((file) => shared(`data/feeds/${file}`));
    const built = await home.plimsoll(['db', 'build', `debian-tracker=${feeds[0]}`, `alpine-edge=${shared('data/feeds/alpine-secdb.tar.zst')}`, ...feeds.slice(1), '--db', path]);
    expect(built).toMatchObject({ code: 0 });
  }, 120_000);

  it.each(targets)('$name', async ({ name, findings }) => {
    using database = openDatabase(path);
    const inventory = await indexTarget(await recogniseTarget(image(name)), { pool, platform: name.includes('multiarch') ? 'linux/amd64' : undefined });
    const expected = match(inventory, database, { all: true });
    expect(expected.findings.length > 0).toBe(findings);
    for (const write of [toCycloneDx, toSpdx]) {
      const document = write(inventory, { now: new Date(0), tool: { name: 'plimsoll', version: '0.1.0' } });
      expect(match(fromSbom(Buffer.from(JSON.stringify(document))), database, { all: true })).toEqual(expected);
    }
  }, 60_000);

  it.each(['cyclonedx', 'spdx'])('on the command line: scan of the image equals scan of its %s', async (format) => {
    const target = image('debian11-and-acme-storefront.oci.tar:acme/storefront:1.4.2');
    const made = await home.plimsoll(['inventory', target, '--format', format], { env: { SOURCE_DATE_EPOCH: '1700000000' } });
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(await home.plimsoll(['inventory', target, '--format', format], { env: { SOURCE_DATE_EPOCH: '1700000000' } })).toEqual(made);
    writeFileSync(home.file('bom.json'), made.out);
    const [ofImage, ofDocument] = await Promise.all([target, home.file('bom.json')].map(async (one) => reportOf(await home.plimsoll(['scan', one, '--json', '--db', path]))));
    expect(ofDocument!.findings).toEqual(ofImage!.findings);
    expect(ofDocument!.not_covered).toEqual(ofImage!.not_covered);
    expect(ofDocument!.target).toMatchObject({ kind: 'sbom', digest: ofImage!.target.digest });
  });
});
