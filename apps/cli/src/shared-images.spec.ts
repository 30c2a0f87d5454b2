import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aHome, hasShared, published, reportOf, shared } from './plimsoll.spec-helper.ts';

const reason = hasShared ? '' : ' (skipped: ../shared or zstd absent)';
const image = (name: string): string => shared(`data/images/${name}`);
const misc = image('misc-7-images.oci.tar'), debian = image('debian11-and-acme-storefront.oci.tar'), edge = image('alpine-edge-20240923-multiarch.oci.tar'), alpine = image('alpine-3.15.0.docker-archive.tar.gz');

/** Every image of ../shared/data/images, its system, and whether the feeds taken in below speak of all its packages. */
const targets: { target: string; words?: string[]; os: string | undefined; covered: boolean }[] = [
  { target: alpine, os: 'alpine', covered: true },
  { target: edge, words: ['--platform', 'linux/amd64'], os: 'alpine', covered: true },
  { target: edge, words: ['--platform', 'linux/arm64'], os: 'alpine', covered: true },
  { target: `${debian}:debian:11.11-slim`, os: 'debian', covered: true },
  { target: `${debian}:acme/storefront:1.4.2`, os: 'debian', covered: false },
  { target: `${misc}:debian12-nginx:trimmed`, os: 'debian', covered: false },
  { target: `${misc}:distroless-style/cc-debian12:12.15`, os: 'debian', covered: true },
  { target: `${misc}:almalinux:9.1-micro`, os: 'almalinux', covered: false },
  { target: `${misc}:ubuntu:20.04-trimmed`, os: 'ubuntu', covered: false },
  { target: `${misc}:mariner:2.0-rpmdb-only`, os: 'mariner', covered: false },
  { target: `${misc}:sles:15.3-ndb-only`, os: 'sles', covered: false },
  { target: `${misc}:busybox:glibc`, os: undefined, covered: true },
];
/** As it stands in the name of a test. */
const named = <T extends { target: string }>(rows: readonly T[]): (T & { name: string })[] => rows.map((row) => ({ ...row, name: row.target.split('/images/')[1]! }));

/** OASIS publishes draft-04; what it uses of that means the same in draft-07. */
function sarifSchema() {
  const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(shared('oracles/sbom-vex/sarif/sarif-2.1/schema/sarif-schema-2.1.0.json'), 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv.compile(schema);
}

describe.skipIf(!hasShared)(`plimsoll on every shared image${reason}`, () => {
  const home = aHome();
  afterAll(() => home.remove());
  const isReport = published('scan-report.schema.json'), isInventory = published('inventory.schema.json');
  let isSarif: ReturnType<typeof sarifSchema>;

  beforeAll(async () => {
    isSarif = sarifSchema();
    mkdirSync(home.file('secdb'));
    execFileSync('tar', ['--zstd', '-xf', shared('data/feeds/alpine-secdb.tar.zst'), '-C', home.file('secdb')]);
    const built = await home.plimsoll(['db', 'build', `debian-tracker=${shared('data/feeds/debian-tracker-derived.json.zst')}`, `alpine-v3.15=${home.file('secdb/v3.15')}`, `alpine-edge=${home.file('secdb/edge')}`, shared('data/feeds/osv-Go-all.zip'), shared('data/feeds/osv-crates.io-all.zip')]);
    expect(built).toMatchObject({ code: 0, err: '' });
  }, 120_000);

  it.each(named(targets).map((row) => ({ ...row, name: [row.name, ...row.words ?? []].join(' ') })))('scan $name: exits 0, a valid report, in which what was not looked up is told', async ({ target, words = [], os, covered }) => {
    const ran = await home.plimsoll(['scan', target, ...words, '--json']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const report = reportOf(ran);
    expect(isReport(report), JSON.stringify(isReport.errors?.slice(0, 3))).toBe(true);
    expect(report).toMatchObject({ partial: false, problems: [] });
    expect(report.os?.id).toBe(os);
    expect(report.summary.not_covered).toBe(report.not_covered.length);
    expect(report.not_covered.length === 0).toBe(covered);
    expect(report.summary.total + report.summary.undetermined).toBe(report.findings.length);
    // Nothing found is never called clean where nothing was looked up.
    if (report.packages.length === report.not_covered.length) expect(report.verdict.decision).toBe('warn');

    const inventory = await home.plimsoll(['inventory', target, ...words, '--json']);
    expect(inventory).toMatchObject({ code: 0, err: '' });
    expect(isInventory(JSON.parse(inventory.out)), JSON.stringify(isInventory.errors?.slice(0, 3))).toBe(true);
    expect(report.packages).toEqual(JSON.parse(inventory.out).packages);

    const sarif = await home.plimsoll(['scan', target, ...words, '--format', 'sarif']);
    const log = JSON.parse(sarif.out) as { runs: { results: unknown[] }[] };
    expect(isSarif(log), JSON.stringify(isSarif.errors?.slice(0, 3))).toBe(true);
    expect(log.runs[0]!.results).toHaveLength(report.findings.length + report.secrets.length + report.configuration.findings.length);
  }, 60_000);

  it.each(named([{ target: `${debian}:acme/storefront:1.4.2` }, { target: `${misc}:almalinux:9.1-micro` }]))('tables of $name fit terminals of 60 and 100 columns', async ({ target }) => {
    for (const columns of [60, 100]) for (const command of ['scan', 'inventory']) {
      const { code, out } = await home.plimsoll([command, target], { env: { COLUMNS: String(columns) } });
      expect(code).toBe(0);
      // The first line is the reference, whole, so that it can be copied.
      expect(out.split('\n').slice(1).filter((line) => line.length > columns)).toEqual([]);
    }
  }, 60_000);

  it('Debian findings are those of the reference', async () => {
    const { findings } = reportOf(await home.plimsoll(['scan', `${debian}:debian:11.11-slim`, '--json']));
    const reference = JSON.parse(readFileSync(shared('data/expected/debian-11.11-slim-tracker.json'), 'utf8')) as { cve: string; fixed: string; binaries: string[] }[];
    expect(findings.map(({ id, fixed_version, package: { name } }) => `${id} ${fixed_version} ${name}`).sort()).toEqual(reference.flatMap(({ cve, fixed, binaries }) => binaries.map((name) => `${cve} ${fixed} ${name}`)).sort());
  });

  it('Alpine findings are those of the reference', async () => {
    const { findings } = reportOf(await home.plimsoll(['scan', alpine, '--json']));
    const reference = JSON.parse(readFileSync(shared('data/expected/alpine-3.15.0.json'), 'utf8')) as { ids: string[]; fixed: string; binaries: string[] }[];
    expect(findings.map(({ id, fixed_version, package: { name } }) => `${id} ${fixed_version} ${name}`).sort()).toEqual([...new Set(reference.flatMap(({ ids, fixed, binaries }) => binaries.map((name) => `${ids[0]!.split(' ')[0]} ${fixed} ${name}`)))].sort());
  });

  it.each([
    { why: 'several images', words: [misc], says: ['holds 7 images', 'debian12-nginx:trimmed', 'busybox:glibc', 'FILE:REF'] },
    { why: 'another image', words: [`${misc}:nope`], says: ['no image "nope"', 'almalinux:9.1-micro'] },
    { why: 'another platform', words: [edge, '--platform', 'linux/s390x'], says: ['no image for linux/s390x', 'linux/amd64, linux/arm64/v8'] },
  ])('$why: exits 1 and lists the choices', async ({ words, says }) => {
    const { code, out, err } = await home.plimsoll(['scan', ...words]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    for (const text of says) expect(err).toContain(text);
  });

  it('reads a docker-archive from standard input', async () => {
    const input = execFileSync('gzip', ['-dc', alpine], { maxBuffer: 1 << 26 });
    for (const name of ['docker-archive:-', '-']) {
      const { code, out } = await home.plimsoll(['inventory', name, '--json'], { input });
      expect(code).toBe(0);
      expect((JSON.parse(out) as { packages: unknown[] }).packages).toHaveLength(14);
    }
  });

  it('explain proves a finding, why-not tells of one that is not', async () => {
    const proof = await home.plimsoll(['explain', 'CVE-2022-37434', alpine]);
    expect(proof).toMatchObject({ code: 0, err: '' });
    expect(proof.out).toContain('fixed in 1.2.12-r2');
    expect(JSON.parse((await home.plimsoll(['explain', 'CVE-2022-37434', alpine, '--json'])).out)).toMatchObject([{ id: 'CVE-2022-37434', proof: { because: 'in-range', range: { fixed: '1.2.12-r2' } } }]);

    const absent = await home.plimsoll(['explain', 'CVE-2021-42374', alpine]);
    expect(absent).toMatchObject({ code: 1, out: '' });
    expect(absent.err).toContain('plimsoll why-not CVE-2021-42374');
    const why = await home.plimsoll(['why-not', 'CVE-2021-42374', alpine]);
    expect(why).toMatchObject({ code: 0, err: '' });
    expect(why.out).toMatch(/compared with 2 packages|no advisory/);
  });
});
