import { describe, expect, it } from 'vitest';
import { parseCsaf } from './csaf.ts';
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
