import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { indexFile } from '../index-file.ts';
import type { Inventory, Package } from '../model.ts';
import { fromSbom, toCycloneDx } from './index.ts';

type Json = Record<string, unknown>;
const read = (document: unknown, limits = {}): Inventory => fromSbom(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)), limits);
const cycloneDx = (components: unknown, more: Json = {}): Json => ({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components, ...more });
const spdx = (packages: unknown, more: Json = {}): Json => ({ spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'doc', packages, ...more });
const library = (purl: string, more: Json = {}): Json => ({ type: 'library', name: 'x', version: '1', 'bom-ref': purl, purl, ...more });
const properties = (pairs: Record<string, string>): Json[] => Object.entries(pairs).map(([name, value]) => ({ name, value }));
const spdxPackage = (name: string, purl: string, more: Json = {}): Json =>
  ({ name, SPDXID: `SPDXRef-${name}`, downloadLocation: 'NOASSERTION', externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }], ...more });
const only = (inventory: Inventory): Package => { expect(inventory.packages).toHaveLength(1); return inventory.packages[0]!; };
const codes = ({ problems }: Inventory): string[] => problems.map(({ code, where }) => `${code} ${where}`);
const layer = `sha256:${'a1'.repeat(32)}`, diffId = `sha256:${'b2'.repeat(32)}`;

describe('documents of Trivy', () => {
  const musl = library('pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&distro=3.18.5', {
    supplier: { name: 'Natanael Copa' }, licenses: [{ license: { name: 'Apache-2.0' } }],
    properties: properties({ 'aquasecurity:trivy:SrcName': 'openssl', 'aquasecurity:trivy:SrcVersion': '3.1.4-r5', 'aquasecurity:trivy:LayerDigest': layer, 'aquasecurity:trivy:LayerDiffID': diffId }),
  });
  const system = { type: 'operating-system', name: 'alpine', version: '3.18.5', 'bom-ref': 'os' };

  it('CycloneDX: source package, layer, system, the lock file a package was found in, the image', () => {
    const inventory = read(cycloneDx([
      system, musl,
      { type: 'application', 'bom-ref': 'lock', name: 'app/Gemfile.lock', properties: properties({ 'aquasecurity:trivy:Type': 'bundler', 'aquasecurity:trivy:Class': 'lang-pkgs' }) },
      library('pkg:gem/rack@3.0.8'),
    ], {
      metadata: { tools: [{ vendor: 'aquasecurity', name: 'trivy' }], component: { type: 'container', name: 'alpine:3.18', 'bom-ref': 'root', properties: properties({ 'aquasecurity:trivy:RepoDigest': `alpine@${layer}`, 'aquasecurity:trivy:RepoTag': 'alpine:3.18' }) } },
      dependencies: [{ ref: 'root', dependsOn: ['os', 'lock'] }, { ref: 'lock', dependsOn: ['pkg:gem/rack@3.0.8'] }],
    }));
    expect(inventory).toEqual({
      target: { kind: 'sbom', reference: 'alpine:3.18', digest: layer, layers: [] },
      os: { id: 'alpine', version_id: '3.18.5', name: 'alpine' },
      packages: [
        { purl: musl['purl'], name: 'libcrypto3', version: '3.1.4-r5', type: 'apk', arch: 'x86_64', source: { name: 'openssl', version: '3.1.4-r5' }, vendor: 'Natanael Copa', layer, locations: [], licences: ['Apache-2.0'] },
        { purl: 'pkg:gem/rack@3.0.8', name: 'rack', version: '3.0.8', type: 'gem', locations: [{ path: 'app/Gemfile.lock' }], licences: [] },
      ],
      secrets: [], configuration: { findings: [] }, problems: [],
    });
  });

  it.each([
    ['pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12.4', { SrcName: 'openssl', SrcVersion: '3.0.11', SrcRelease: '1~deb12u2' }, '3.0.11-1~deb12u2', '3.0.11-1~deb12u2'],
    ['pkg:deb/debian/login@1%3A4.13-1?distro=debian-12.4', { SrcName: 'shadow', SrcVersion: '4.13', SrcRelease: '1', SrcEpoch: '1' }, '1:4.13-1', '1:4.13-1'],
    ['pkg:rpm/redhat/openssl-libs@1.1.1k-9.el8?arch=x86_64&epoch=1&distro=redhat-8.6', { SrcName: 'openssl', SrcVersion: '1.1.1k', SrcRelease: '9.el8', SrcEpoch: '1' }, '1:1.1.1k-9.el8', '1:1.1.1k-9.el8'],
  ])('%s', (purl, source, version, sourceVersion) => {
    const found = only(read(cycloneDx([library(purl, { properties: properties(Object.fromEntries(Object.entries(source).map(([name, value]) => [`aquasecurity:trivy:${name}`, value]))) })])));
    expect(found).toMatchObject({ version, source: { name: source.SrcName, version: sourceVersion } });
  });

  it('SPDX: source package out of sourceInfo, properties out of annotations', () => {
    const inventory = read(spdx([
      { name: 'alpine', SPDXID: 'SPDXRef-OperatingSystem-1', versionInfo: '3.18.5', primaryPackagePurpose: 'OPERATING-SYSTEM' },
      { name: 'image', SPDXID: 'SPDXRef-ContainerImage-1' },
      { name: 'npm', SPDXID: 'SPDXRef-Application-1', sourceInfo: 'app/package-lock.json' },
      spdxPackage('libcrypto3', 'pkg:apk/alpine/libcrypto3@3.1.4-r5?distro=3.18.5', { sourceInfo: 'built package from: openssl 3.1.4-r5', licenseDeclared: 'Apache-2.0', supplier: 'Person: Natanael Copa', annotations: [{ comment: `LayerDiffID: ${diffId}` }] }),
      spdxPackage('vue', 'pkg:npm/vue@3.4.0', { licenseDeclared: 'NONE' }),
    ], {
      creationInfo: { creators: ['Organization: aquasecurity', 'Tool: trivy-0.50.0'] },
      relationships: [
        { spdxElementId: 'SPDXRef-DOCUMENT', relatedSpdxElement: 'SPDXRef-ContainerImage-1', relationshipType: 'DESCRIBES' },
        { spdxElementId: 'SPDXRef-Application-1', relatedSpdxElement: 'SPDXRef-vue', relationshipType: 'DEPENDS_ON' },
      ],
    }));
    expect(inventory).toMatchObject({ os: { id: 'alpine', version_id: '3.18.5' }, target: { reference: 'image' }, problems: [] });
    expect(inventory.packages).toMatchObject([
      { name: 'libcrypto3', source: { name: 'openssl', version: '3.1.4-r5' }, layer: diffId, vendor: 'Natanael Copa', licences: ['Apache-2.0'] },
      { name: 'vue', locations: [{ path: 'app/package-lock.json' }], licences: [] },
    ]);
  });

  it('a Go module and an npm package whose purls were put in lower case keep their own names', () => {
    const { packages } = read(cycloneDx([library('pkg:golang/github.com/azure/azure-sdk-for-go@v1.0.0', { name: 'github.com/Azure/azure-sdk-for-go' }), library('pkg:npm/jsonstream@1.3.5', { name: 'JSONStream' })]));
    expect(packages.map(({ name }) => name)).toEqual(['github.com/Azure/azure-sdk-for-go', 'JSONStream']);
  });
});

describe('documents of Syft', () => {
  it('CycloneDX: source, maintainer, locations, system', () => {
    const inventory = read(cycloneDx([
      library('pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&upstream=openssl&distro=debian-12', {
        publisher: 'Debian OpenSSL Team', licenses: [{ expression: 'Apache-2.0 AND MIT' }],
        properties: properties({ 'syft:package:type': 'deb', 'syft:location:0:layerID': diffId, 'syft:location:0:path': '/var/lib/dpkg/status', 'syft:metadata:source': 'openssl' }),
      }),
      library('pkg:deb/debian/tzdata@2024a-0+deb12u1?distro=debian-12', { properties: properties({ 'syft:package:type': 'deb' }) }),
      { type: 'file', name: '/etc/passwd' },
      { type: 'operating-system', name: 'debian', version: '12', properties: properties({ 'syft:distro:id': 'debian', 'syft:distro:versionID': '12', 'syft:distro:prettyName': 'Debian GNU/Linux 12 (bookworm)', 'syft:distro:versionCodename': 'bookworm', 'syft:distro:idLike:0': 'none' }) },
    ], { metadata: { tools: { components: [{ type: 'application', author: 'anchore', name: 'syft' }] }, component: { type: 'container', name: 'debian:12', version: layer } } }));
    expect(inventory).toMatchObject({ target: { reference: 'debian:12', digest: layer }, os: { id: 'debian', version_id: '12', name: 'Debian GNU/Linux 12 (bookworm)', codename: 'bookworm', id_like: ['none'] }, problems: [] });
    expect(inventory.packages).toMatchObject([
      { name: 'libssl3', source: { name: 'openssl', version: '3.0.11-1~deb12u2' }, vendor: 'Debian OpenSSL Team', locations: [{ path: 'var/lib/dpkg/status', layer: diffId }], licences: ['Apache-2.0 AND MIT'] },
      // Syft is silent about the source only where its name is the same.
      { name: 'tzdata', source: { name: 'tzdata', version: '2024a-0+deb12u1' } },
    ]);
  });

  it('SPDX: the upstream of purls, rpm source files, paths, and the owner of files', () => {
    const inventory = read(spdx([
      spdxPackage('python3-six', 'pkg:rpm/redhat/python3-six@1.12.0-9.el8?arch=noarch&upstream=python-six-1.12.0-9.el8.src.rpm&distro=rhel-8.4', { sourceInfo: 'acquired package info from RPM DB: /var/lib/rpm/Packages' }),
      spdxPackage('six', 'pkg:pypi/six@1.12.0', { sourceInfo: 'acquired package info from installed python package manifest file: /usr/lib/a/METADATA, /usr/lib/b/METADATA', licenseDeclared: 'LicenseRef-1' }),
      spdxPackage('libc6', 'pkg:rpm/redhat/glibc@2.28-151.el8?epoch=0&upstream=glibc-2.28-151.el8.src.rpm&distro=rhel-8.4'),
    ], {
      spdxVersion: 'SPDX-2.2', creationInfo: { creators: ['Tool: syft-1.0.0'] }, hasExtractedLicensingInfos: [{ licenseId: 'LicenseRef-1', extractedText: 'MIT, mostly' }],
      relationships: [{ spdxElementId: 'SPDXRef-python3-six', relatedSpdxElement: 'SPDXRef-six', relationshipType: 'OTHER', comment: 'ownership-by-file-overlap: indicates that the parent package claims ownership of a child package' }],
    }));
    expect(inventory.os).toMatchObject({ id: 'rhel', version_id: '8.4' });
    const [six, glibc, python] = inventory.packages;
    expect(six).toMatchObject({ name: 'six', owner: python!.purl, locations: [{ path: 'usr/lib/a/METADATA' }, { path: 'usr/lib/b/METADATA' }], licences: ['MIT, mostly'] });
    expect(glibc).toMatchObject({ name: 'glibc', version: '2.28-151.el8' });
    expect(python).toMatchObject({ source: { name: 'python-six', version: '1.12.0-9.el8' } });
  });

  it('SPDX 3: packages, files they contain, licences, suppliers, the image', () => {
    const inventory = read({
      '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
      '@graph': [
        { type: 'CreationInfo', '@id': '_:c', specVersion: '3.0.1' }, { type: 'Tool', spdxId: 't', name: 'syft-1.20' }, { type: 'Organization', spdxId: 'o', name: 'Debian' },
        { type: 'software_Package', spdxId: 'root', name: 'debian:12', software_packageVersion: layer, software_primaryPurpose: 'container', software_packageUrl: `pkg:oci/debian@${encodeURIComponent(layer)}?arch=amd64` },
        { type: 'software_Package', spdxId: 'p', name: 'libssl3', software_packageVersion: '3.0.11-1', software_packageUrl: 'pkg:deb/debian/libssl3@3.0.11-1?upstream=openssl%403.0.11-1&distro=debian-12', suppliedBy: 'o' },
        { type: 'software_Package', spdxId: 'n', name: 'vue', externalIdentifier: [{ type: 'ExternalIdentifier', externalIdentifierType: 'packageUrl', identifier: 'pkg:npm/vue@3.4.0' }] },
        { type: 'software_Package', spdxId: 'q', name: 'mystery', software_packageVersion: '1' },
        { type: 'software_File', spdxId: 'f', name: '/app/vue/package.json' },
        { type: 'simplelicensing_LicenseExpression', spdxId: 'l', simplelicensing_licenseExpression: 'MIT' },
        { type: 'Relationship', spdxId: 'r1', relationshipType: 'hasDeclaredLicense', from: 'n', to: ['l'] }, { type: 'Relationship', spdxId: 'r2', relationshipType: 'contains', from: 'n', to: ['f'] },
        { type: 'software_Sbom', spdxId: 's', rootElement: ['root'] }, { type: 'SpdxDocument', spdxId: 'd', name: 'doc', rootElement: ['s'] },
      ],
    });
    expect(inventory).toMatchObject({ target: { kind: 'sbom', reference: 'debian:12', digest: layer }, os: { id: 'debian', version_id: '12' } });
    expect(inventory.packages).toMatchObject([
      { name: 'libssl3', source: { name: 'openssl', version: '3.0.11-1' }, vendor: 'Debian' },
      { name: 'vue', version: '3.4.0', locations: [{ path: 'app/vue/package.json' }], licences: ['MIT'] },
    ]);
    expect(codes(inventory)).toEqual(['sbom-component-unusable @graph[6]']);
  });
});

describe('documents of others', () => {
  it('sbom-tool: files first, a root with a SWID purl', () => {
    const inventory = read({ files: [], ...spdx([spdxPackage('RootPackage', 'pkg:swid/Contoso/sbom.contoso/App@1.0?tag_id=1', { versionInfo: '1.0' }), spdxPackage('Newtonsoft.Json', 'pkg:nuget/Newtonsoft.Json@13.0.1', { supplier: 'NOASSERTION' })],
      { documentDescribes: ['SPDXRef-RootPackage'], spdxVersion: 'SPDX-2.2' }) });
    expect(only(inventory)).toMatchObject({ type: 'nuget', name: 'Newtonsoft.Json', version: '13.0.1' });
    expect(inventory.problems).toEqual([]);
  });

  it('cdxgen: groups, SrcFile, occurrences, a program as subject', () => {
    const { packages } = read(cycloneDx([
      library('pkg:npm/%40babel/core@7.0.0', { group: '@babel', name: 'core', properties: properties({ SrcFile: '/app/package-lock.json' }) }),
      library('pkg:maven/org.apache/commons@1.0?type=jar', { group: 'org.apache', name: 'commons', evidence: { occurrences: [{ location: 'lib/commons.jar' }] } }),
    ], { metadata: { component: { type: 'application', name: 'app', version: '1.0.0', purl: 'pkg:npm/app@1.0.0', components: [library('pkg:npm/workspace@2.0.0')] } } }));
    expect(packages.map(({ name, locations }) => [name, locations[0]?.path])).toEqual([['org.apache:commons', 'lib/commons.jar'], ['@babel/core', 'app/package-lock.json'], ['app', undefined], ['workspace', undefined]]);
  });

  it('an in-toto statement around a document', () => {
    expect(only(read({ _type: 'https://in-toto.io/Statement/v0.1', predicateType: 'https://spdx.dev/Document', predicate: spdx([spdxPackage('vue', 'pkg:npm/vue@3.4.0')]) })).name).toBe('vue');
  });

  it.each(['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'])('CycloneDX %s', (specVersion) => {
    expect(only(read(cycloneDx([library('pkg:npm/vue@3.4.0')], { specVersion }))).version).toBe('3.4.0');
  });

  it('components inside components', () => {
    const { packages } = read(cycloneDx([{ type: 'container', name: 'outer', components: [library('pkg:npm/a@1', { components: [library('pkg:npm/b@2')] })] }]));
    expect(packages.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('the same package in two places is one', () => {
    const [first, second] = ['one.jar', 'two.jar'].map((location) => library('pkg:maven/a/b@1', { 'bom-ref': location, evidence: { occurrences: [{ location }] } }));
    expect(only(read(cycloneDx([first, second]))).locations).toEqual([{ path: 'one.jar' }, { path: 'two.jar' }]);
  });

  it('a purl of a type that nobody publishes advisories by is kept, as generic', () => {
    expect(only(read(cycloneDx([library('pkg:github/actions/checkout@v4')])))).toMatchObject({ type: 'generic', name: 'actions/checkout', purl: 'pkg:github/actions/checkout@v4' });
  });

  it.each([
    ['pkg:deb/debian/a@1?distro=jessie', { id: 'debian', version_id: '8' }],
    ['pkg:deb/debian/a@1?distro=debian-trixie', { id: 'debian', version_id: '13' }],
    ['pkg:deb/debian/a@1?distro=debian-sid', { id: 'debian', codename: 'sid' }],
    ['pkg:deb/ubuntu/a@1?distro=ubuntu-22.04', { id: 'ubuntu', version_id: '22.04' }],
    ['pkg:apk/wolfi/a@1?distro=20230201', { id: 'wolfi', version_id: '20230201' }],
    ['pkg:rpm/alma/a@1-1?distro=alma-9.2', { id: 'almalinux', version_id: '9.2' }],
    ['pkg:rpm/redhat/a@1-1?distro=redhat-8.6', { id: 'rhel', version_id: '8.6' }],
    ['pkg:rpm/amazon/a@1-1?distro=amazon-2+%28Karoo%29', { id: 'amzn' }],
    ['pkg:rpm/amazon/a@1-1?distro=amazon-2%20%28Karoo%29', { id: 'amzn', version_id: '2' }],
    ['pkg:rpm/amazon/a@1-1?distro=amazon-2023.3.20240108', { id: 'amzn', version_id: '2023' }],
    ['pkg:rpm/suse/a@1-1?distro=sles-15.3', { id: 'sles', version_id: '15.3' }],
    ['pkg:rpm/opensuse/a@1-1?distro=opensuse-leap-15.5', { id: 'opensuse-leap', version_id: '15.5' }],
    ['pkg:rpm/opensuse/a@1-1?distro=opensuse.tumbleweed', { id: 'opensuse-tumbleweed' }],
    ['pkg:rpm/cbl-mariner/a@1-1?distro=cbl-mariner-2.0.20220226', { id: 'mariner', version_id: '2.0.20220226' }],
    ['pkg:rpm/fedora/a@1-1', { id: 'fedora' }],
  ])('the system of %s', (purl, os) => {
    expect(read(cycloneDx([library(purl)])).os).toMatchObject(os);
  });
});

describe('what cannot be used is told', () => {
  it.each<[string, unknown, string]>([
    ['no purl', { type: 'library', name: 'a', version: '1' }, 'sbom-component-unusable components[1]'],
    ['an application without a purl', { type: 'application', name: 'nginx', version: '1.25.3' }, 'sbom-component-unusable components[1]'],
    ['a purl that is none', library('a-purl'), 'sbom-component-unusable components[1]'],
    ['no version', { type: 'library', name: 'a', purl: 'pkg:npm/a' }, 'sbom-component-unusable components[1]'],
    ['no object', null, 'sbom-component-unusable components[1]'],
    ['a nested one', library('pkg:npm/b@1', { components: [{ type: 'library', name: 'c' }] }), 'sbom-component-unusable components[1].components[0]'],
    ['a deb without a source package', library('pkg:deb/debian/libssl3@3.0?distro=debian-12'), 'sbom-source-unknown components[1]'],
  ])('%s', (_what, component, problem) => {
    const inventory = read(cycloneDx([library('pkg:npm/good@1'), component]));
    expect(codes(inventory)).toEqual([problem]);
    expect(inventory.packages.map(({ name }) => name)).toContain('good');
  });

  it('lists what has no version in its purl with the version beside it, or without one', () => {
    expect(only(read(cycloneDx([library('pkg:npm/a', { version: '2' })]))).version).toBe('2');
    expect(only(read(cycloneDx([{ type: 'library', name: 'a', purl: 'pkg:npm/a' }]))).version).toBe('');
  });

  it('an SPDX package without a purl', () => {
    expect(codes(read(spdx([{ name: 'a', SPDXID: 'SPDXRef-a', versionInfo: '1' }, spdxPackage('vue', 'pkg:npm/vue@3')])))).toEqual(['sbom-component-unusable packages[0]']);
  });

  it('an empty list', () => {
    for (const document of [cycloneDx([]), cycloneDx(undefined), spdx([]), cycloneDx([{ type: 'operating-system', name: 'debian', version: '12' }])]) expect(codes(read(document))).toEqual(['sbom-empty the document']);
  });

  it('a document that says it is incomplete', () => {
    const good = [library('pkg:npm/good@1')];
    expect(codes(read(cycloneDx(good, { compositions: [{ aggregate: 'complete' }, { aggregate: 'incomplete_third_party_only', assemblies: ['x'] }] })))).toEqual(['sbom-incomplete compositions[1]']);
    expect(codes(read(cycloneDx(good, { compositions: [{ aggregate: 'incomplete', dependencies: ['x'] }, { aggregate: 'unknown' }] })))).toEqual([]);
  });

  it('packages of another system than the document', () => {
    const deb = (name: string, distro: string): Json => library(`pkg:deb/debian/${name}@1?distro=${distro}&upstream=x`, { properties: properties({ 'syft:metadata:source': 'x' }) });
    const inventory = read(cycloneDx([deb('a', 'debian-12'), deb('b', 'debian-12.4'), deb('c', 'debian-11'), deb('d', 'ubuntu-12.04')]));
    expect(inventory.packages.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(codes(inventory)).toEqual(['sbom-system-mixed components[2]', 'sbom-system-mixed components[3]']);
  });

  it('very many problems are counted', () => {
    const { problems } = read(cycloneDx(Array.from({ length: 1500 }, () => ({ type: 'library', name: 'a' }))));
    expect(problems).toHaveLength(1001);
    expect(problems[1000]).toMatchObject({ code: 'sbom-more-problems', detail: expect.stringContaining('501 more') });
  });
});

describe('hostile and damaged documents', () => {
  it.each<[string, unknown, object]>([
    ['no JSON', '{"bomFormat": "CycloneDX",\n "specVersion" 1}', { code: 'sbom-invalid', detail: expect.stringMatching(/line 2 column/) }],
    ['the end is missing', JSON.stringify(cycloneDx([library('pkg:npm/a@1')])).slice(0, -20), { code: 'sbom-invalid' }],
    ['other JSON', { name: 'package', dependencies: {} }, { code: 'sbom-invalid' }],
    ['null', 'null', { code: 'sbom-invalid' }],
    ['components is a text', cycloneDx('many'), { code: 'sbom-invalid', detail: 'components: is no list' }],
    ['metadata is a list', cycloneDx([], { metadata: [1] }), { code: 'sbom-invalid', detail: 'metadata: is no object' }],
    ['licences are an object', cycloneDx([library('pkg:npm/a@1', { licenses: {} })]), { code: 'sbom-invalid', detail: 'components[0].licenses: is no list' }],
    ['relationships hold a number', spdx([], { relationships: [1] }), { code: 'sbom-invalid', detail: 'relationships[0]: is no object' }],
    ['a version to come', cycloneDx([], { specVersion: '2.0' }), { code: 'sbom-version-unknown' }],
    ['no version', { bomFormat: 'CycloneDX' }, { code: 'sbom-version-unknown' }],
    ['SPDX 2.1', spdx([], { spdxVersion: 'SPDX-2.1' }), { code: 'sbom-version-unknown' }],
    ['SPDX 3.1', { '@context': 'https://spdx.org/rdf/3.1.0/spdx-context.jsonld', '@graph': [{ type: 'CreationInfo', specVersion: '3.1.0' }] }, { code: 'sbom-version-unknown' }],
    ['a graph that is none', { '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld', '@graph': 'x' }, { code: 'sbom-invalid', detail: '@graph: is no list' }],
    ['a statement about nothing', { _type: 'https://in-toto.io/Statement/v1', predicate: 'x' }, { code: 'sbom-invalid' }],
    ['100,000 lists in each other', '['.repeat(100_000), { code: 'limit-sbom-depth' }],
    ['100,000 components in each other', `{"bomFormat":"CycloneDX","specVersion":"1.5","components":${'[{"components":'.repeat(100_000)}`, { code: 'limit-sbom-depth' }],
    ['our own facts, damaged', cycloneDx([], { metadata: { properties: properties({ 'plimsoll:inventory': '1', 'plimsoll:target': '{"kind":"image"}' }) } }), { code: 'sbom-invalid', detail: expect.stringContaining('plimsoll:target') }],
    ['our own annotation, damaged', spdx([], { annotations: [{ comment: 'plimsoll:properties [{' }] }), { code: 'sbom-invalid', detail: expect.stringContaining('annotations[0].comment') }],
  ])('%s', (_what, document, problem) => {
    let thrown: unknown;
    try { read(document); } catch (error) { thrown = error; }
    expect(thrown).toMatchObject({ kind: 'invalid', ...problem });
  });

  it.each<[string, object, object]>([
    ['bytes', { bytes: 100 }, { code: 'limit-sbom-bytes' }],
    ['components', { components: 1 }, { code: 'limit-sbom-components' }],
    ['values', { values: 10 }, { code: 'limit-sbom-values' }],
    ['depth', { depth: 2 }, { code: 'limit-sbom-depth' }],
  ])('a limit of %s', (_what, limits, problem) => {
    for (const document of [cycloneDx([library('pkg:npm/a@1'), library('pkg:npm/b@1')]), spdx([spdxPackage('a', 'pkg:npm/a@1'), spdxPackage('b', 'pkg:npm/b@1')])]) {
      expect(() => read(document, limits)).toThrow(expect.objectContaining(problem) as Error);
      expect(read(document).packages).toHaveLength(2);
    }
  });

  it('counts brackets and commas outside of texts alone', () => {
    expect(only(read(cycloneDx([library('pkg:npm/a@1', { description: `\\"${'[{,'.repeat(5000)}\\` })]), { values: 100, depth: 10 })).name).toBe('a');
  });

  it('names of prototypes are names', () => {
    const { packages } = read(`{"bomFormat":"CycloneDX","specVersion":"1.5","__proto__":{"components":[]},"components":[{"type":"library","name":"constructor","purl":"pkg:npm/constructor@1","properties":[{"name":"__proto__","value":"x"}]}]}`);
    expect(packages.map(({ name }) => name)).toEqual(['constructor']);
  });
});

describe('an SBOM as target', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sbom-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const write = (name: string, text: string): string => { const path = join(scratch, name); writeFileSync(path, text); return path; };

  it('is known by its content, wherever its mark stands', async () => {
    const late = write('late.json', JSON.stringify({ files: Array.from({ length: 500 }, (_, i) => ({ fileName: `./file-${i}` })), packages: [spdxPackage('vue', 'pkg:npm/vue@3')], spdxVersion: 'SPDX-2.2' }));
    expect(await indexFile(late)).toMatchObject({ target: { kind: 'sbom', reference: late }, packages: [{ name: 'vue' }] });
    expect(await indexFile(write('bom.txt', `\uFEFF\n${JSON.stringify(cycloneDx([library('pkg:npm/a@1')]))}`))).toMatchObject({ packages: [{ name: 'a' }] });
  });

  it('is a document, even when it describes an image: anybody can write one', async () => {
    const image: Inventory = { target: { kind: 'image', reference: 'registry.example/app:1', digest: layer, layers: [{ digest: layer, size: 1 }] }, os: null, packages: [], secrets: [], configuration: { user: 'app', findings: [] }, problems: [{ code: 'x', detail: 'y', where: 'z' }] };
    const path = write('own.cdx.json', JSON.stringify(toCycloneDx(image, { now: new Date(0), tool: { name: 'plimsoll', version: '1' } })));
    expect(await indexFile(path)).toEqual({ ...image, target: { ...image.target, kind: 'sbom', reference: path } });
  });

  it('other JSON is still unknown, and a lock file still a lock file', async () => {
    await expect(indexFile(write('other.json', '{"a":1}'))).rejects.toMatchObject({ code: 'file-unknown' });
    expect(await indexFile(write('package-lock.json', JSON.stringify({ lockfileVersion: 3, description: '"bomFormat"', packages: { 'node_modules/a': { version: '1.0.0' } } })))).toMatchObject({ target: { kind: 'file' }, packages: [{ name: 'a' }] });
    await expect(indexFile(write('broken.json', '{"bomFormat": "CycloneDX", '))).rejects.toMatchObject({ code: 'sbom-invalid' });
  });
});

describe('the forms that are not read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sbom-forms-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  it.each([
    ['bom.xml', '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components/></bom>', 'CycloneDX in XML'],
    ['a.spdx', 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n', 'SPDX in tag-value form'],
    ['a.yaml', 'spdxVersion: "SPDX-2.3"\n', 'SPDX in YAML'],
    ['a.rdf', '<?xml version="1.0"?><rdf:RDF xmlns:rdf="x" xmlns:spdx="http://spdx.org/rdf/terms#"></rdf:RDF>', 'SPDX in RDF'],
  ])('%s is named, with what to do', async (name, content, form) => {
    writeFileSync(join(folder, name), content);
    await expect(indexFile(join(folder, name))).rejects.toMatchObject({ code: 'sbom-format-unread', detail: expect.stringContaining(form) });
  });
});
