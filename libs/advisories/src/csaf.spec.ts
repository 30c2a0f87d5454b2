import { describe, expect, it } from 'vitest';
import { parseCsaf } from './csaf.ts';
import { parseCvrf } from './cvrf.ts';
import { defaultFeedLimits } from './feed.ts';
import { advisories, all, hasShared, problems, record, records, shared } from './feeds.spec-helper.ts';
import { type FeedCounts, noCounts, readFeed } from './read-feed.ts';
import { recordsOf } from './records-of.ts';

const read = (document: unknown) => all(parseCsaf(records(record('cve.json', typeof document === 'string' ? document : JSON.stringify(document), 256)), { source: 'test', limits: defaultFeedLimits }));

/** A document that names products by `stream:component`, with the statuses given. */
function csaf(vulnerability: { product_status: Record<string, string[]> } & Record<string, unknown>, more: object = {}): object {
  const product = (product_id: string, helper: object) => ({ category: 'product_version', name: product_id, product: { name: product_id, product_id, product_identification_helper: helper } });
  const rpms = { 'curl-7.76.1': 'curl@7.76.1-1.el9?arch=x86_64', 'curl-arm': 'curl@7.76.1-1.el9?arch=aarch64', 'curl-src': 'curl@7.76.1-1.el9?arch=src', 'libcurl': 'libcurl@7.76.1-1.el9?arch=x86_64&epoch=2', 'curl.src': 'curl?arch=src', 'curl': 'curl', redis: 'redis@6.2.7-1.module%2Bel8?arch=x86_64&rpmmod=redis:6:8100:489197e6' };
  const streams = { main: 'cpe:/o:redhat:enterprise_linux:9::baseos', ten: 'cpe:/o:redhat:enterprise_linux:10.0', eus: 'cpe:/a:redhat:rhel_eus:9.2::appstream', aus: 'cpe:/o:redhat:rhel_aus:8.2', jboss: 'cpe:/a:redhat:jboss_core_services:1::el8', 'nodejs:18:8090:a75119d5': '' };
  const components = [...Object.keys(rpms), 'jar', 'npm-1:9.6.7-1.module+el8.x86_64', 'perl:5.30/perl-core'];
  const relationship = (stream: string, component: string, as = `${stream}:${component}`) => ({ category: 'default_component_of', full_product_name: { name: as, product_id: as }, product_reference: component, relates_to_product_reference: stream });
  return {
    document: { category: 'csaf_vex', csaf_version: '2.0', publisher: { name: 'Red Hat Product Security' }, tracking: { id: 'CVE-2026-0001', current_release_date: '2026-02-03T00:00:00+00:00' }, ...more },
    product_tree: {
      branches: [{ category: 'vendor', name: 'Red Hat', branches: [...Object.entries(streams).filter(([, cpe]) => cpe !== '').map(([name, cpe]) => product(name, { cpe })), ...Object.entries(rpms).map(([name, purl]) => product(name, { purl: `pkg:rpm/redhat/${purl}` })), product('jar', { purl: 'pkg:maven/io.vertx/vertx-web@4' })] }],
      relationships: [...Object.keys(streams).flatMap((stream) => components.map((component) => relationship(stream, component))), relationship('main', 'nodejs:18:8090:a75119d5', 'nodejs:18:8090:a75119d5')],
    },
    vulnerabilities: [{ cve: 'CVE-2026-0001', title: 'curl: a flaw', ...vulnerability }],
  };
}
const short = async (product_status: Record<string, string[]>, more: object = {}) => advisories(await read(csaf({ product_status, ...more }))).flatMap(({ affected }) => affected.map((one) =>
  [one.ecosystem.replace('Red Hat:', ''), one.name, one.status, one.fix_state, ...(one.ranges ?? []).map(({ fixed }) => `<${fixed}`), one.arches?.join('|'), one.module, one.vendor_status].filter(Boolean).join(' ')));

describe("Red Hat's CSAF", () => {
  it.each<[string, Record<string, string[]>, string[], object?]>([
    ['a fix', { fixed: ['main:curl-7.76.1', 'main:curl-arm', 'main:curl-src', 'main:libcurl'] }, ['enterprise_linux:9 curl affected available <0:7.76.1-1.el9 x86_64|aarch64', 'enterprise_linux:9 libcurl affected available <2:7.76.1-1.el9 x86_64']],
    ['a fix of a source whose binaries have other names', { fixed: ['main:curl-src', 'main:libcurl'] }, ['enterprise_linux:9 curl affected available <0:7.76.1-1.el9', 'enterprise_linux:9 libcurl affected available <2:7.76.1-1.el9 x86_64']],
    ['streams are ecosystems', { fixed: ['eus:curl-7.76.1', 'aus:curl-7.76.1', 'ten:curl-7.76.1', 'jboss:curl-7.76.1'] }, ['rhel_eus:9.2', 'rhel_aus:8.2', 'enterprise_linux:10', 'jboss_core_services:1::el8'].map((stream) => `${stream} curl affected available <0:7.76.1-1.el9 x86_64`)],
    ['a module', { fixed: ['main:redis'] }, ['enterprise_linux:9 redis affected available <0:6.2.7-1.module+el8 x86_64 redis:6']],
    ['a module as a product of its own', { fixed: ['nodejs:18:8090:a75119d5:npm-1:9.6.7-1.module+el8.x86_64'] }, ['enterprise_linux:9 npm affected available <1:9.6.7-1.module+el8 x86_64 nodejs:18']],
    ['a module in the name', { known_affected: ['main:perl:5.30/perl-core'] }, ['enterprise_linux:9 perl-core affected none-yet perl:5.30']],
    ['no fix', { known_affected: ['main:curl.src'] }, ['enterprise_linux:9 curl affected none-yet']],
    ['will not fix', { known_affected: ['main:curl.src'] }, ['enterprise_linux:9 curl affected wont-fix Will not fix'], { remediations: [{ category: 'workaround', details: 'x', product_ids: ['main:curl.src'] }, { category: 'no_fix_planned', details: 'Will not fix', product_ids: ['main:curl.src'] }] }],
    ['out of support', { known_affected: ['main:curl.src'] }, ['enterprise_linux:9 curl affected end-of-life Out of support scope'], { remediations: [{ category: 'no_fix_planned', details: 'Out of support scope', product_ids: ['main:curl.src'] }] }],
    ['deferred', { known_affected: ['main:curl.src'] }, ['enterprise_linux:9 curl affected none-yet Fix deferred'], { remediations: [{ category: 'none_available', details: 'Fix deferred', product_ids: ['main:curl.src'] }] }],
    ['fixed since it was listed', { fixed: ['main:curl-7.76.1'], known_affected: ['main:curl.src', 'eus:curl.src'] }, ['enterprise_linux:9 curl affected available <0:7.76.1-1.el9 x86_64', 'rhel_eus:9.2 curl affected none-yet']],
    ['not affected', { known_not_affected: ['main:curl'] }, ['enterprise_linux:9 curl not-affected available']],
    ['being looked at', { under_investigation: ['main:curl'] }, ['enterprise_linux:9 curl undetermined unknown under_investigation']],
    ['fixed in what has no version', { fixed: ['main:curl'] }, ['enterprise_linux:9 curl undetermined available fixed in a version not named']],
    ['what is no package of a distribution', { fixed: ['main:jar', 'jboss'] }, []],
  ])('%s', async (_, status, expected, more) => {
    expect(await short(status, more)).toEqual(expected);
  });
  it('says whether it names what was built or its source', async () => {
    const [advisory] = advisories(await read(csaf({ product_status: { fixed: ['main:libcurl', 'aus:curl-src'], known_affected: ['eus:curl.src'], known_not_affected: ['ten:curl'] } })));
    expect(advisory!.affected.map(({ ecosystem, name, names }) => `${ecosystem.replace('Red Hat:', '')} ${name} ${names}`)).toEqual(['enterprise_linux:9 libcurl binary', 'rhel_aus:8.2 curl source', 'rhel_eus:9.2 curl source', 'enterprise_linux:10 curl source']);
  });
  it('carries impact, score and dates', async () => {
    const [advisory] = advisories(await read(csaf({ product_status: { known_affected: ['main:curl'] }, release_date: '2026-01-02T00:00:00+00:00', threats: [{ category: 'impact', details: 'Important', product_ids: ['main:curl'] }], scores: [{ cvss_v3: { vectorString: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H' } }] }, { aggregate_severity: { text: 'Moderate' } })));
    expect(advisory).toMatchObject({ id: 'CVE-2026-0001', key: 'CVE-2026-0001', severity: 'medium', published: '2026-01-02T00:00:00+00:00', modified: '2026-02-03T00:00:00+00:00', severities: [{ type: 'CVSS_V3', score: 8.1 }], affected: [{ severity: 'high' }] });
  });
  it.each<[string, unknown, string]>([
    ['nothing', '', 'record-empty'], ['cut off', '{"document": {', 'record-truncated'], ['another format', '{"bomFormat": "CycloneDX"}', 'record-not-csaf'],
    ['another publisher', csaf({ product_status: {} }, { publisher: { name: 'Siemens' } }), 'record-other-publisher'],
    ['a product that is not there', csaf({ product_status: { fixed: ['main:nowhere'] } }), 'record-product-unknown'],
    ['a vulnerability without a name', csaf({ product_status: {}, cve: null }), 'record-id-unreadable'],
  ])('is set aside: %s', async (_, document, code) => {
    const found = await read(document);
    expect(problems(found).map((line) => line.split(' ')[0])).toEqual([code]);
    expect(found).toHaveLength(1);
  });
});

describe("others' CSAF", () => {
  const document = (publisher: string, platform: string, status: Record<string, string[]>, more: object = {}) => ({
    document: { category: 'csaf_vex', csaf_version: '2.0', publisher: { name: publisher }, tracking: { id: 'CVE-2026-0001' } },
    product_tree: {
      branches: [{ branches: [platform, ...Object.values(status).flat()].map((name) => ({ product: { name, product_id: name } })) }],
      relationships: Object.values(status).flat().map((component) => ({ full_product_name: { name: component, product_id: `${platform}:${component.replace(/\.rpm$/, '')}` }, product_reference: component, relates_to_product_reference: platform })),
    },
    vulnerabilities: [{ cve: 'CVE-2026-0001', product_status: Object.fromEntries(Object.entries(status).map(([word, list]) => [word, list.map((component) => `${platform}:${component.replace(/\.rpm$/, '')}`)])), ...more }],
  });
  const lines = async (...of: Parameters<typeof document>) => advisories(await read(document(...of))).flatMap(({ affected }) => affected.map((one) => [one.ecosystem, one.name, one.names, one.status, one.fix_state, ...(one.ranges ?? []).map(({ fixed }) => `<${fixed}`), one.arches?.join('|'), one.severity].filter(Boolean).join(' ')));
  it.each<[string, string, Record<string, string[]>, string[], object?]>([
    ['SUSE Linux Enterprise Server 15 SP4', 'a fix', { recommended: ['libndr0-4.15.8+git.1-150400.3.1.x86_64', 'libndr0-4.15.8+git.1-150400.3.1.aarch64'] }, ['SUSE:Linux Enterprise Server 15 SP4 libndr0 binary affected available <4.15.8+git.1-150400.3.1 x86_64|aarch64']],
    ['SUSE Linux Enterprise Module for Basesystem 15 SP4', 'a module of a service pack', { first_fixed: ['curl-7.79.1-150400.5.1'] }, ['SUSE:Linux Enterprise Server 15 SP4 curl binary affected available <7.79.1-150400.5.1']],
    ['SUSE Linux Enterprise Server 15 SP2-LTSS', 'long support is a stream of its own', { fixed: ['curl-7.79.1-150400.5.1'] }, ['SUSE:Linux Enterprise Server 15 SP2-LTSS curl binary affected available <7.79.1-150400.5.1']],
    ['openSUSE Leap 15.4', 'a release of Leap', { fixed: ['varnish-7.1.1-bp154.2.6.1'] }, ['openSUSE:Leap 15.4 varnish binary affected available <7.1.1-bp154.2.6.1']],
    ['openSUSE Tumbleweed', 'names without versions', { known_not_affected: ['libndr0-32bit', 'kernel-livepatch-5_14_21-150400_24_11-default'] }, ['openSUSE:Tumbleweed libndr0-32bit binary not-affected available', 'openSUSE:Tumbleweed kernel-livepatch-5_14_21-150400_24_11-default binary not-affected available']],
    ['SUSE Linux Enterprise Micro 5.5', 'no fix, and none will be', { known_affected: ['curl'] }, ['SUSE:Linux Enterprise Micro 5.5 curl binary affected wont-fix high'], { remediations: [{ category: 'no_fix_planned', details: 'unsupported', product_ids: ['SUSE Linux Enterprise Micro 5.5:curl'] }], threats: [{ category: 'impact', details: 'important' }] }],
    ['Image bci/bci-base', 'an image is no release', { fixed: ['curl-7.79.1-150400.5.1'] }, []],
  ])("SUSE's, of %s: %s", async (platform, _, status, expected, more) => {
    expect(await lines('SUSE Product Security Team', platform, status, more)).toEqual(expected);
  });
  it("openEuler's", async () => {
    expect(await lines('openEuler', 'openEuler-22.03-LTS-SP3', { fixed: ['vim-9.0-33.oe2203sp3.src.rpm', 'vim-minimal-9.0-33.oe2203sp3.x86_64.rpm'] })).toEqual(['openEuler:22.03-LTS-SP3 vim-minimal binary affected available <9.0-33.oe2203sp3 x86_64']);
  });
  it('is set aside when it says nothing', async () => {
    expect(problems(await read({ ...document('SUSE', 'x', {}), vulnerabilities: [] }))).toEqual(['record-no-vulnerability cve.json']);
  });
});

describe('CVRF', () => {
  const cvrf = (issuer: string, tree: string, status: string) => `<cvrfdoc><DocumentType>x</DocumentType><DocumentPublisher><IssuingAuthority>${issuer}</IssuingAuthority></DocumentPublisher><DocumentTracking><Identification><ID>SA-1</ID></Identification><InitialReleaseDate>2026-01-02</InitialReleaseDate></DocumentTracking><ProductTree>${tree}</ProductTree><Vulnerability><CVE>CVE-2026-0001</CVE><ProductStatuses><Status Type="Fixed"><ProductID>${status}</ProductID></Status></ProductStatuses><Threats><Threat Type="Impact"><Description>critical</Description></Threat></Threats></Vulnerability></cvrfdoc>`;
  const product = (id: string, text = id, cpe = '') => `<FullProductName ProductID="${id}" CPE="${cpe}">${text}</FullProductName>`;
  const related = (id: string, to: string) => `<Relationship ProductReference="${id}" RelatesToProductReference="${to}">${product(`${to}:${id}`)}</Relationship>`;
  const lines = async (text: string) => advisories(await all(parseCvrf(records(record('cvrf.xml', text, 64)), { source: 'test', limits: defaultFeedLimits }))).flatMap(({ key, affected }) => affected.map((one) => [key, one.ecosystem, one.name, one.names, ...(one.ranges ?? []).map(({ fixed }) => `<${fixed}`), one.arches?.join('|'), one.severity].filter(Boolean).join(' ')));
  it.each([
    ['SUSE', cvrf('SUSE Security Team', `<Branch>${product('openSUSE Tumbleweed')}${product('varnish-7.1.1-1.1')}</Branch>${related('varnish-7.1.1-1.1', 'openSUSE Tumbleweed')}`, 'openSUSE Tumbleweed:varnish-7.1.1-1.1'), 'CVE-2026-0001@SA-1 openSUSE:Tumbleweed varnish binary <7.1.1-1.1 critical'],
    ['openEuler', cvrf('openEuler security committee', `<Branch Type="Product Name">${product('openEuler-24.03-LTS', 'openEuler-24.03-LTS', 'cpe:24')}</Branch><Branch Type="Package Arch" Name="aarch64">${product('vim-9.0-1', 'vim-9.0-1.oe2403.aarch64.rpm', 'cpe:24')}${product('vim-9.0-1', 'vim-9.0-1.oe2203.aarch64.rpm', 'cpe:22')}</Branch>`, 'openEuler-24.03-LTS'), 'CVE-2026-0001@SA-1 openEuler:24.03-LTS vim binary <9.0-1.oe2403 aarch64 critical'],
    ['Red Hat', cvrf('Red Hat Product Security', `<Branch>${product('EUS', 'EUS', 'cpe:/o:redhat:rhel_eus:8.6::baseos')}${product('kernel-0:4.18.0-372.75.1.el8_6', 'kernel-4.18.0-372.75.1.el8_6.src.rpm')}</Branch>${related('kernel-0:4.18.0-372.75.1.el8_6', 'EUS')}`, 'EUS:kernel-0:4.18.0-372.75.1.el8_6'), 'CVE-2026-0001@SA-1 Red Hat:rhel_eus:8.6 kernel source <0:4.18.0-372.75.1.el8_6 critical'],
  ])('of %s', async (_, text, expected) => {
    expect(await lines(text)).toEqual([expected]);
  });
  it('sets aside a document that is cut off, and reads the next', async () => {
    const readings = await all(parseCvrf(records(record('a.xml', '<cvrfdoc><Doc'), record('b.xml', cvrf('Siemens', '', 'x')), record('c.xml', cvrf('SUSE', `<Branch>${product('openSUSE Tumbleweed')}</Branch>`, 'openSUSE Tumbleweed'))), { source: 'test', limits: defaultFeedLimits }));
    expect([problems(readings), advisories(readings).length]).toEqual([['record-truncated a.xml', 'record-other-publisher b.xml'], 1]);
  });
});

it.skipIf(!hasShared)(`every document of Red Hat's${hasShared ? '' : ' (skipped: ../shared/data absent)'}`, async () => {
  const counts: FeedCounts = noCounts(), streams = new Set<string>(), states: Record<string, number> = {};
  for await (const reading of readFeed({ id: 'test', parse: parseCsaf }, recordsOf(shared('feeds/redhat-vex-csaf.tar.zst')), counts)) {
    if (reading.kind === 'advisory') for (const { ecosystem, fix_state: state } of reading.advisory.affected) { streams.add(ecosystem); states[state] = (states[state] ?? 0) + 1; }
  }
  // 51 VEX documents of one CVE each, 11 notices of 41 together.
  expect(counts).toMatchObject({ advisories: 51 + 41, rejected: 0, repeated: 0 });
  expect([...streams]).toEqual(expect.arrayContaining(['Red Hat:enterprise_linux:9', 'Red Hat:rhel_eus:9.2', 'Red Hat:rhel_aus:8.2', 'Red Hat:rhel_e4s:8.4', 'Red Hat:rhel_tus:8.6', 'Red Hat:rhel_els:7']));
  expect(states).toMatchObject({ 'wont-fix': 95, 'end-of-life': 176, 'none-yet': 145 });
}, 60_000);
