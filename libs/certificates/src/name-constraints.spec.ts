import { describe, expect, it } from 'vitest';
import { readElement } from './der-reader.ts';
import { readName, writeName } from './distinguished-name.ts';
import { dns, type GeneralName, ip, ipBytes, isDnsName, isSpiffeId, uri } from './general-names.ts';
import { constraintBrokenBy } from './name-constraints.ts';

const email = (value: string): GeneralName => ({ type: 'email', value });
const net = (address: string, mask: string): GeneralName => ({ type: 'ip', bytes: Buffer.concat([ipBytes(address), ipBytes(mask)]) });
const directory = (organization: string, commonName?: string): GeneralName => ({ type: 'directory', name: readName(readElement(writeName({ organization, commonName }), 'here'), 'here') });

describe('name constraints (RFC 5280 4.2.1.10)', () => {
  it.each<[GeneralName, GeneralName, boolean]>([
    [dns('svc.example'), dns('svc.example'), true],
    [dns('a.b.svc.example'), dns('svc.example'), true],
    [dns('A.SVC.example'), dns('svc.EXAMPLE'), true],
    [dns('evilsvc.example'), dns('svc.example'), false],
    [dns('svc.example.evil'), dns('svc.example'), false],
    [dns('svc.example'), dns('.svc.example'), false],
    [dns('a.svc.example'), dns('.svc.example'), true],
    [dns('anything.at.all'), dns(''), true],
    [dns('*.svc.example'), dns('svc.example'), true],
    [dns('*.example'), dns('svc.example'), false],
    [uri('spiffe://example/svc/a'), uri('example'), true],
    [uri('https://user@host.example:8443/x'), uri('host.example'), true],
    [uri('https://host.example@evil.test/x'), uri('host.example'), false],
    [uri('https://a.host.example/'), uri('host.example'), false],
    [uri('https://a.host.example/'), uri('.host.example'), true],
    [uri('https://10.0.0.1/'), uri('host.example'), false],
    [uri('urn:example:a'), uri('example'), false],
    [email('a@host.example'), email('host.example'), true],
    [email('a@sub.host.example'), email('host.example'), false],
    [email('a@sub.host.example'), email('.host.example'), true],
    [email('a@host.example'), email('a@HOST.example'), true],
    [email('A@host.example'), email('a@host.example'), false],
    [ip('10.1.2.3'), net('10.0.0.0', '255.0.0.0'), true],
    [ip('11.1.2.3'), net('10.0.0.0', '255.0.0.0'), false],
    [ip('2001:db8::1'), net('2001:db8::', 'ffff:ffff::'), true],
    [ip('2001:db9::1'), net('2001:db8::', 'ffff:ffff::'), false],
    [ip('::ffff:10.1.2.3'), net('10.0.0.0', '255.0.0.0'), false],
    [directory('Plimsoll', 'a'), directory('PLIMSOLL '), true],
    [directory('Other', 'a'), directory('Plimsoll'), false],
    [directory('Plimsoll'), directory('Plimsoll', 'a'), false],
  ])('%j lies in %j: %s', (name, base, inside) => {
    expect(constraintBrokenBy(name, { permitted: [base], excluded: [] }) === undefined).toBe(inside);
  });

  it('leaves forms alone that nobody constrained', () => {
    expect(constraintBrokenBy(email('a@b.example'), { permitted: [dns('svc.example')], excluded: [] })).toBeUndefined();
  });

  it('excludes before it permits, and a wildcard with what it stands for', () => {
    const constraints = { permitted: [dns('svc.example')], excluded: [dns('bad.svc.example')] };
    expect(constraintBrokenBy(dns('bad.svc.example'), constraints)).toContain('excluded');
    expect(constraintBrokenBy(dns('a.bad.svc.example'), constraints)).toContain('excluded');
    expect(constraintBrokenBy(dns('*.svc.example'), constraints)).toContain('excluded');
    expect(constraintBrokenBy(dns('*.good.svc.example'), constraints)).toBeUndefined();
  });

  it('refuses a constrained form it does not understand', () => {
    expect(constraintBrokenBy({ type: 'other', tag: 0xa0 }, { permitted: [], excluded: [{ type: 'other', tag: 0xa0 }] })).toContain('not understood');
  });
});

describe('names we issue', () => {
  it.each([['a.example', true], ['xn--mnchen-3ya.example', true], ['localhost', false], ['-a.example', false], ['a-.example', false], ['a..example', false], ['10.0.0.1', false],
    [`${'a'.repeat(64)}.example`, false], [`${'a.'.repeat(125)}example`, false], ['A.example', false], ['a.example\n', false]])('DNS %j: %s', (name, good) => { expect(isDnsName(name)).toBe(good); });

  it.each([['spiffe://td/a', true], ['spiffe://td/a/b', true], ['spiffe://td', false], ['spiffe://td/', false], ['spiffe://TD/a', false], ['spiffe://td/a//b', false],
    ['spiffe://td/./a', false], ['spiffe://td:8443/a', false], ['spiffe://td/a?b', false], ['spiffe://u@td/a', false], ['spiffe://td/a%20b', false]])('SPIFFE %j: %s', (name, good) => { expect(isSpiffeId(name)).toBe(good); });

  it.each([['1.2.3.4', '01020304'], ['::', '00'.repeat(16)], ['::1', `${'00'.repeat(15)}01`], ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'], ['fe80::ffff:1.2.3.4', 'fe80000000000000' + '0000ffff01020304']])('address %s', (text, hex) => {
    expect(Buffer.from(ipBytes(text)).toString('hex')).toBe(hex);
  });

  it.each(['1.2.3', 'fe80::1%eth0', 'a', ''])('no address: %j', (text) => { expect(() => ipBytes(text)).toThrow(RangeError); });
});
