import { readFileSync } from 'node:fs';
import { type Advisory, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { indexTarget } from '@plimsoll/inventory';
import { recogniseTarget } from '@plimsoll/oci';
import { expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { check } from './checker.spec-helper.ts';
import { hasShared, shared } from './images.spec-helper.ts';
import { match } from './match.ts';

it.skipIf(!hasShared)(`mariner:2.0: what Microsoft's OVAL says of every package${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
  const advisories: Advisory[] = [];
  for await (const reading of readFeed(sourceOf('azure-linux-oval')!, recordsOf(shared('feeds/azurelinux-oval.tar.zst')))) if (reading.kind === 'advisory') advisories.push(reading.advisory);
  const inventory = await indexTarget(await recogniseTarget(`oci-archive:${shared('images/misc-7-images.oci.tar')}:mariner:2.0-rpmdb-only`));
  const index = indexOf(advisories);
  expect(match(inventory, index, { all: true }).findings.map(check).filter(Boolean)).toEqual([]);
  const findings = match(inventory, index).findings.filter(({ state }) => state === 'affected');
  const written = (list: readonly string[]) => [...new Set(list)].sort();
  // The reference asks by binary name alone; Microsoft names source packages, so binaries of another name have findings besides.
  type Reference = { cves: string[]; package: string };
  const reference: Reference[] = JSON.parse(readFileSync(shared('expected/mariner2-rpmdb.json'), 'utf8'));
  expect(written(findings.filter(({ package: { name }, proof }) => proof.name === name).map(({ id, package: { name } }) => `${id} ${name}`)))
    .toEqual(written(reference.flatMap(({ cves, package: name }) => cves.map((id) => `${id} ${name}`))));
  expect(written(findings.map(({ id, package: { name } }) => `${id} ${name}`))).toContain('CVE-2021-43527 nss-libs');
}, 120_000);
