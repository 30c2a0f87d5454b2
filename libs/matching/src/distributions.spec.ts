import { bytesOf, type Advisory, defaultFeedLimits, type FeedRecord, readFeed, recordsOf, recordsOfStream, sourceOf } from '@plimsoll/advisories';
import type { Inventory, Package } from '@plimsoll/inventory';
import { beforeAll, describe, expect, it } from 'vitest';
import { indexOf } from './advisory-index.ts';
import { hasShared, shared } from './images.spec-helper.ts';
import { match } from './match.ts';
import { aPackage, anInventory } from './samples.spec-helper.ts';

type Type = Package['type'];
const os = (id: string, version: string, name = id): Inventory['os'] => ({ id, name, ...(version === '' ? {} : { version_id: version }) });
const amazon = /amazon\/updateinfo_(?!invalid|1\.)/, vex = /redhat\/vex\/v1\/csaf_vex/;

/** A package of a system, and what the samples of its publisher say of it: the parser and the matcher must call the system, the package and the module alike. */
const cases: readonly (readonly [what: string, source: string, files: RegExp, system: Inventory['os'], found: readonly [Type, string, string, Partial<Package>?], expected: readonly string[]])[] = [
  ['Amazon Linux 2023', 'amazon-2023', amazon, os('amzn', '2023'), ['rpm', 'rsyslog-mmaudit', '8.2204.0-3.amzn2023.0.1', { arch: 'x86_64' }], ['CVE-2014-3634 affected 0:8.2204.0-3.amzn2023.0.2', 'CVE-2022-24903 affected 0:8.2204.0-3.amzn2023.0.2']],
  ["Amazon Linux 2, an extra's kernel", 'amazon-2', amazon, os('amzn', '2'), ['rpm', 'kernel-devel', '5.15.43-20.122.amzn2', { arch: 'x86_64' }], Array.from({ length: 13 }, () => 'affected 0:5.15.43-20.123.amzn2')],
  ["Amazon Linux 2, the system's kernel beside it", 'amazon-2', amazon, os('amzn', '2'), ['rpm', 'kernel-devel', '4.14.200-1.amzn2', { arch: 'x86_64' }], []],
  ['AlmaLinux, of the module', 'almalinux-oval', /alma\/oval\/.*bz2$/, os('almalinux', '9.2'), ['rpm', 'nodejs', '1:18.14.2-3.module_el9', { arch: 'x86_64', module: 'nodejs:18:1:2' }], Array.from({ length: 4 }, () => 'affected 1:18.17.1-1.module_el9.2.0+36+853e48f5')],
  ['AlmaLinux, of another stream', 'almalinux-oval', /alma\/oval\/.*bz2$/, os('almalinux', '9.2'), ['rpm', 'nodejs', '1:16.14.2-3.module_el9', { arch: 'x86_64', module: 'nodejs:16:1:2' }], []],
  ['Rocky', 'rocky-errata', /rocky\/errata\/happy/, os('rocky', '10.0'), ['rpm', 'golang-bin', '1.25.1-1.el10_1', { arch: 'x86_64' }], ['CVE-2025-58183 affected 0:1.25.3-1.el10_1']],
  ['Rocky, repaired', 'rocky-errata', /rocky\/errata\/happy/, os('rocky', '10.0'), ['rpm', 'golang-bin', '1.25.3-1.el10_1', { arch: 'x86_64' }], []],
  ['Oracle Linux', 'oracle-oval', /oracle\/linux\/com.*bz2$/, os('ol', '5.11'), ['rpm', 'bind', '30:9.3.3-7.el5', { arch: 'i386' }], ['CVE-2007-0493 affected 30:9.3.3-8.el5', 'CVE-2007-0494 affected 30:9.3.3-8.el5']],
  ['openSUSE', 'suse-oval', /suse\/oval\/happy\/opensuse\.tumbleweed/, os('opensuse-tumbleweed', '20260101'), ['rpm', 'tar-doc', '1.34-1.1', { arch: 'noarch', source: { name: 'tar', version: '1.34-1.1' } }], ['affected 0:1.34-2.2']],
  ['a service pack of SUSE, by a module of it', 'suse-vex', /suse\/csaf_vex/, os('sles', '15.4'), ['rpm', 'libndr2', '4.15-1', { arch: 'x86_64', source: { name: 'samba', version: '4.15-1' } }], []],
  ['openEuler, whose advisories have no epochs', 'openeuler-csaf', /openeuler\/csaf\/happy\/advisories/, os('openEuler', '22.03', 'openEuler 22.03 (LTS-SP3)'), ['rpm', 'vim-minimal', '2:9.0-32.oe2203sp3', { arch: 'x86_64', source: { name: 'vim', version: '2:9.0-32.oe2203sp3' } }], ['CVE-2025-29768 affected 9.0-33.oe2203sp3']],
  ['Photon', 'photon-cves', /photon\/cve\/happy/, os('photon', '4.0'), ['rpm', 'curl-libs', '8.1.2-1.ph4', { arch: 'x86_64', source: { name: 'curl', version: '8.1.2-1.ph4' } }], ['CVE-2025-9086 affected 8.16.0-1.ph4']],
  ['Arch', 'arch', /arch\/advisory/, os('arch', ''), ['alpm', 'libtiff', '4.0.8-1', { arch: 'x86_64', source: { name: 'libtiff', version: '4.0.8-1' } }], ['CVE-2015-7554 affected 4.0.8-2', 'CVE-2016-10095 affected 4.0.8-2']],
  ['Gentoo', 'gentoo-glsa', /gentoo\/glsa\/data/, os('gentoo', '2.17'), ['portage', 'dev-java/snakeyaml', '1.32-r1'], Array.from({ length: 5 }, () => 'affected 1.33')],
  ['Ubuntu, by a notice', 'ubuntu-notices', /usndb/, os('ubuntu', '16.04'), ['deb', 'python3-jinja2', '2.8-1', { source: { name: 'jinja2', version: '2.8-1' } }], ['CVE-2016-10745 affected 2.8-1ubuntu0.1', 'CVE-2019-10906 affected 2.8-1ubuntu0.1']],
  ['Debian, by a notice', 'debian-lists', /salsa\/security-tracker-master/, os('debian', '11'), ['deb', 'vlc', '3.0.18-0+deb11u1', { source: { name: 'vlc', version: '3.0.18-0+deb11u1' } }], ['DSA-5545-1 affected 3.0.20-0+deb11u1', 'TEMP-0000000-3574A3 affected 3.0.20-0+deb11u1']],
  ['Red Hat, what will not be repaired by the name of its source', 'redhat-cves', /redhat\/cve\/CVE-2023-6204/, os('rhel', '9.4'), ['rpm', 'firefox-x11', '115.4.0-1.el9_3', { arch: 'x86_64', source: { name: 'firefox', version: '115.4.0-1.el9_3' } }], ['CVE-2023-6204 affected undefined']],
  ['Red Hat, a repair by the name of what was built', 'redhat-vex', vex, os('rhel', '9.4'), ['rpm', 'firefox', '115.4.0-1.el9_3', { arch: 'x86_64', source: { name: 'firefox', version: '115.4.0-1.el9_3' } }], ['affected 0:115.5.0-1.el9_3']],
];

describe.skipIf(!hasShared)(`what publishers say of packages of their systems${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, () => {
  const files = new Map<RegExp, { name: string; bytes: Buffer }[]>();
  beforeAll(async () => {
    for await (const one of recordsOf(shared('feeds/format-samples-all-feeds.tar.zst'))) {
      const of = [...new Set(cases.map(([, , pattern]) => pattern))].filter((pattern) => pattern.test(one.name));
      if (of.length === 0) continue;
      for await (const file of recordsOfStream(one.name, one.chunks)) {
        const bytes = await bytesOf(file, defaultFeedLimits.recordBytes);
        for (const pattern of of) files.set(pattern, [...files.get(pattern) ?? [], { name: file.name, bytes }]);
      }
    }
  }, 60_000);
  it.each(cases)('%s', async (_, id, pattern, system, [type, name, version, more], expected) => {
    const records = async function* (): AsyncGenerator<FeedRecord> { for (const { name: file, bytes } of files.get(pattern)!) yield { name: file, chunks: (async function* () { yield bytes; })() }; };
    const advisories: Advisory[] = [];
    for await (const reading of readFeed(sourceOf(id)!, records())) if (reading.kind === 'advisory') advisories.push(reading.advisory);
    const { findings, not_covered: uncovered } = match(anInventory([aPackage(type, name, version, more ?? {})], system), indexOf(advisories));
    const found = findings.map(({ id: problem, state, fixed_version: fixed }) => `${problem} ${state} ${fixed}`).sort();
    expect(found).toEqual(found.length === expected.length ? expected.map((line, index) => line.startsWith('affected') ? `${found[index]!.split(' ')[0]} ${line}` : line) : expected);
    // Notices and lists that cover nothing still say what they know.
    expect(uncovered.map(({ reason }) => reason).filter((reason) => reason !== 'release-not-covered')).toEqual([]);
  });
});
