import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packagePurl } from './package-purl.ts';
import { buildPurl, parsePurl, type PurlParts } from './purl.ts';

const file = '../shared/oracles/sbom-vex/purl/tests/spec/specification-test.json';
const types = '../shared/oracles/sbom-vex/purl/types';
interface Case { description: string; test_type: string; input: string | PurlParts; expected_output: string | PurlParts | null; expected_failure: boolean }
const cases: Case[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).tests : [];
const withoutNulls = (parts: object): object => Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== null));

describe.skipIf(!cases.length)('purl: the specification\'s own tests (skipped without ../shared/oracles)', () => {
  it.each(cases.map((one, i) => [`${i} ${one.test_type}: ${one.description}`, one] as const))('%s', (_, { test_type, input, expected_output, expected_failure }) => {
    const run = (): unknown => (typeof input === 'string' ? (test_type === 'parse' ? parsePurl(input) : buildPurl(parsePurl(input))) : buildPurl({ ...(withoutNulls(input) as PurlParts), type: input.type ?? '', name: input.name ?? '' }));
    if (expected_failure) expect(run).toThrow();
    else expect(run()).toEqual(typeof expected_output === 'string' ? expected_output : withoutNulls(expected_output!));
  });
});

describe.skipIf(!existsSync(types))('purl: the examples of the type definitions (skipped without ../shared/oracles)', () => {
  it.each(['alpm', 'apk', 'cargo', 'composer', 'conda', 'deb', 'gem', 'golang', 'hex', 'maven', 'npm', 'nuget', 'pypi', 'rpm'])('%s: parsing and building again gives the canonical form', (type) => {
    const examples: string[] = JSON.parse(readFileSync(`${types}/${type}-definition.json`, 'utf8')).examples;
    // The published examples order their qualifiers as they like; the canonical form sorts them.
    const sorted = (purl: string) => purl.replace(/\?([^#]*)/, (_, query: string) => `?${query.split('&').sort().join('&')}`).replaceAll('%2F', '/').replace(/^(pkg:github\/.*)$/i, (text) => text.toLowerCase());
    for (const example of examples) expect(sorted(buildPurl(parsePurl(example)))).toBe(sorted(example));
  });
});

describe('packagePurl', () => {
  const debian = { id: 'debian', version_id: '11', name: 'Debian GNU/Linux 11' };
  it.each([
    [{ type: 'deb', name: 'libssl1.1', version: '1:1.1.1w-0+deb11u1', arch: 'amd64' }, debian, 'pkg:deb/debian/libssl1.1@1:1.1.1w-0%2Bdeb11u1?arch=amd64&distro=debian-11'],
    [{ type: 'deb', name: 'a', version: '1', arch: 'all' }, { id: 'debian', name: '', codename: 'trixie' }, 'pkg:deb/debian/a@1?arch=all&distro=debian-trixie'],
    [{ type: 'deb', name: 'a', version: '1', arch: 'all' }, null, 'pkg:deb/a@1?arch=all'],
    [{ type: 'rpm', name: 'bind', version: '32:9.16-1.el9', arch: 'x86_64' }, { id: 'rhel', version_id: '9.1', name: '' }, 'pkg:rpm/redhat/bind@9.16-1.el9?arch=x86_64&distro=rhel-9.1&epoch=32'],
    [{ type: 'apk', name: 'musl', version: '1.2.2-r7', arch: 'x86_64' }, { id: 'alpine', version_id: '3.15.0', name: '' }, 'pkg:apk/alpine/musl@1.2.2-r7?arch=x86_64&distro=alpine-3.15.0'],
    [{ type: 'npm', name: '@babel/core', version: '7.0.0' }, debian, 'pkg:npm/%40babel/core@7.0.0'],
    [{ type: 'golang', name: 'golang.org/x/net', version: 'v0.7.0' }, null, 'pkg:golang/golang.org/x/net@v0.7.0'],
    [{ type: 'golang', name: 'stdlib', version: 'v1.17.2' }, null, 'pkg:golang/stdlib@v1.17.2'],
    [{ type: 'maven', name: 'org.apache:commons-io', version: '2.8' }, null, 'pkg:maven/org.apache/commons-io@2.8'],
    [{ type: 'maven', name: 'app', version: '' }, null, 'pkg:maven/app'],
    [{ type: 'pypi', name: 'zope-interface', version: '5.0' }, null, 'pkg:pypi/zope-interface@5.0'],
    [{ type: 'composer', name: 'monolog/monolog', version: '1.0' }, null, 'pkg:composer/monolog/monolog@1.0'],
  ] as const)('%j → %s', (found, os, purl) => {
    expect(packagePurl(found, os)).toBe(purl);
    expect(buildPurl(parsePurl(purl))).toBe(purl);
  });
});
