import { readFileSync } from 'node:fs';
import { type Advisory, bytesOf, normaliseName, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { indexTarget } from '@plimsoll/inventory';
import { recogniseTarget } from '@plimsoll/oci';
import { readRange, schemeOf } from '@plimsoll/versions';
import { describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { less } from './comparators.spec-helper.ts';
import { hasShared, operatingSystemOf, shared } from './images.spec-helper.ts';
import { match } from './match.ts';

const expected = (name: string) => JSON.parse(readFileSync(shared(`expected/${name}.json`), 'utf8'));

async function advisories(id: string, file: string, keep: (advisory: Advisory) => Advisory = (advisory) => advisory): Promise<Advisory[]> {
  const found: Advisory[] = [];
  for await (const reading of readFeed(sourceOf(id)!, recordsOf(shared(file)))) if (reading.kind === 'advisory') found.push(keep(reading.advisory));
  return found;
}

describe.skipIf(!hasShared)(`findings from trackers of their own format${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  it('ubuntu:20.04-trimmed against the Ubuntu CVE tracker', async () => {
    const inventory = await operatingSystemOf(shared('images/misc-7-images.oci.tar'), 'ubuntu:20.04-trimmed');
    const names = new Set(inventory.packages.map(({ source }) => source!.name));
    const index = indexOf(await advisories('ubuntu-cve-tracker', 'feeds/ubuntu-cve-tracker.tar.zst', ({ affected, ...rest }) => ({
      ...rest, affected: affected.filter(({ ecosystem, name }) => names.has(name) && /^Ubuntu:(2[0-4]\.|Pro:20)/.test(ecosystem)),
    })));
    const { findings, not_covered: uncovered } = match(inventory, index, { all: true });
    expect(findings.map(check).filter((wrong) => wrong !== undefined)).toEqual([]);
    expect(uncovered).toEqual([]);

    // The reference leaves out what Ubuntu ignores; here it is affected, and will not be repaired.
    const affected = findings.filter(({ state }) => state === 'affected');
    const line = (cve: string, source: string, fixed: string | null | undefined, severity: string, binary: string) => `${cve} ${source} ${fixed ?? '-'} ${severity} ${binary}`;
    type Reference = { cve: string; source: string; fixed: string | null; priority: string; binaries: string[] };
    expect(affected.filter(({ fix_state: fix }) => fix === 'available' || fix === 'none-yet').map(({ id, proof, fixed_version: fixed, severity, package: found }) => line(id, proof.name, fixed, severity, found.name)).sort())
      .toEqual(expected('ubuntu2004').flatMap((found: Reference) => found.binaries.map((binary) => line(found.cve, found.source, found.fixed, found.priority, binary))).sort());

    // Straight from the text, every pair by an order of its own.
    const brute = new Set<string>();
    for await (const record of recordsOf(shared('feeds/ubuntu-cve-tracker.tar.zst'))) {
      const id = /CVE-\d{4}-\w+$/.exec(record.name)?.[0];
      const text = (await bytesOf(record, 1 << 26)).toString('utf8');
      if (id === undefined) continue;
      for (const [, name, status, remark] of text.matchAll(/^focal_(\S+): *(\S+) *(?:\((.*)\))?/gm)) {
        for (const found of names.has(name!) ? inventory.packages.filter(({ source }) => source!.name === name) : []) {
          if (status === 'released' ? less('deb', found.source!.version, remark!) : ['needed', 'needs-triage', 'deferred', 'pending', 'ignored'].includes(status!)) brute.add(`${id} ${found.name}`);
        }
      }
    }
    expect(affected.map(({ id, package: found }) => `${id} ${found.name}`).sort()).toEqual([...brute].sort());

    // A release that was in the making is not covered, and not clean.
    const noble = match({ ...inventory, os: { ...inventory.os!, version_id: '24.04', codename: 'noble' } }, index);
    expect(noble.findings).toEqual([]);
    expect(noble.not_covered.map(({ reason }) => reason)).toEqual(inventory.packages.map(() => 'release-not-covered'));
  }, 180_000);

  it('acme/storefront: its gems against the Ruby advisory database', async () => {
    const inventory = await indexTarget(await recogniseTarget(`oci-archive:${shared('images/debian11-and-acme-storefront.oci.tar')}:acme/storefront:1.4.2`));
    const gems = inventory.packages.filter(({ type }) => type === 'gem');
    const { findings } = match({ ...inventory, packages: gems }, indexOf(await advisories('rubysec', 'feeds/rubysec-ruby-advisory-db.tar.zst')), { all: true });
    expect(findings.map(check).filter((wrong) => wrong !== undefined)).toEqual([]);
    type Reference = { ecosystem: string; package: string; version: string; id: string };
    const reference = expected('acme-storefront-1.4.2-lang').findings.filter(({ ecosystem }: Reference) => ecosystem === 'RubyGems').map((one: Reference) => `${one.package} ${one.version} ${one.id}`);
    expect(findings.filter(({ state }) => state === 'affected').map(({ id, package: found }) => `${found.name} ${found.version} ${id}`).sort()).toEqual([...new Set<string>(reference)].sort());
  }, 120_000);

  // The ranges were rewritten from what the publishers wrote; asked of versions around every bound, both say the same.
  it.each([
    ['rubysec', 'feeds/rubysec-ruby-advisory-db.tar.zst'], ['friendsofphp', 'feeds/friendsofphp-security-advisories.tar.zst'],
  ])('%s: ranges mean what their requirements mean', async (id, file) => {
    const { parse } = await import('yaml');
    const found = await advisories(id, file);
    let asked = 0;
    const wrong: string[] = [];
    for await (const record of recordsOf(shared(file))) {
      if (!/\.ya?ml$/.test(record.name)) continue;
      const raw = parse((await bytesOf(record, 1 << 26)).toString('utf8'));
      const isPhp = id === 'friendsofphp';
      const ecosystem = isPhp ? 'Packagist' : raw.gem === undefined ? 'Ruby' : 'RubyGems';
      const scheme = schemeOf(ecosystem)!;
      const lists: string[] = isPhp ? Object.values<{ versions: string[] }>(raw.branches).map(({ versions }) => versions.join(',')) : [...raw.patched_versions ?? [], ...raw.unaffected_versions ?? []];
      const tests = lists.map((text) => readRange(scheme, text)).map((test) => typeof test === 'function' ? test : undefined);
      if (tests.includes(undefined)) continue;
      const name = normaliseName(ecosystem, isPhp ? raw.reference.replace('composer://', '') : raw.gem ?? raw.engine);
      const key = record.name.replace(/\.ya?ml$/, '');
      const entry = found.find((advisory) => key.endsWith(advisory.key))!;
      const own = indexOf([entry]);
      for (const bound of new Set(lists.flatMap((text) => text.match(/\d[\w.-]*/g) ?? []))) {
        const last = /^(.*?)(\d+)$/.exec(bound);
        // A beta of the version that repairs has the flaw here, and not for Composer; that is meant.
        for (const version of [bound, `${bound}.1`, last && Number(last[2]) > 0 ? `${last[1]}${Number(last[2]) - 1}` : '0', last ? `${last[1]}${Number(last[2]) + 1}` : '99', ...isPhp ? [] : [`${bound}.beta1`, `${bound}.1.rc2`]]) {
          const answers = tests.map((test) => test!(version).result);
          if (answers.includes('undetermined')) continue;
          const isAffected = isPhp === answers.includes(true);
          const { findings } = match({ os: null, packages: [{ purl: 'pkg:x/x', name, version, type: isPhp ? 'composer' : 'gem', locations: [], licences: [] }] }, covering(own, ecosystem), { all: true });
          asked++;
          if ((findings[0]?.state === 'affected') !== isAffected) wrong.push(`${entry.key} ${version}: ${findings[0]?.state} of ${lists.join(' || ')}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(5_000);
  }, 180_000);
});

/** The index as that of a registry, so that engines can be asked for as well. */
const covering = (index: ReturnType<typeof indexOf>, ecosystem: string): ReturnType<typeof indexOf> => ({
  ...index, covers: () => true, ask: (_, name, version, all) => index.ask(ecosystem, name, version, all),
});
