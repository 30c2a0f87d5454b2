import { describe, expect, it } from 'vitest';
import { type AddressClass, checkLiteral, classOf, guardedLookup } from './addresses.ts';

describe('classOf', () => {
  it.each<[string, AddressClass]>([
    ['8.8.8.8', 'public'], ['2606:4700::1111', 'public'], ['172.32.0.1', 'public'], ['11.0.0.1', 'public'],
    ['127.0.0.1', 'loopback'], ['127.255.0.1', 'loopback'], ['0.0.0.0', 'loopback'], ['::1', 'loopback'], ['::', 'loopback'],
    ['10.1.2.3', 'private'], ['172.16.0.1', 'private'], ['172.31.255.255', 'private'], ['192.168.0.1', 'private'], ['100.64.0.1', 'private'], ['fd00::1', 'private'], ['224.0.0.1', 'private'], ['255.255.255.255', 'private'],
    ['169.254.169.254', 'metadata'], ['169.254.0.1', 'metadata'], ['fe80::1', 'metadata'], ['fd00:ec2::254', 'metadata'], ['100.100.100.200', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'], ['::ffff:a9fe:a9fe', 'metadata'], ['::ffff:127.0.0.1', 'loopback'], ['::ffff:8.8.8.8', 'public'],
    ['64:ff9b::a9fe:a9fe', 'metadata'], ['2002:a9fe:a9fe::1', 'metadata'], ['2002:7f00:1::', 'loopback'], ['64:ff9b::10.0.0.1', 'private'],
  ])('%s is %s', (address, expected) => { expect(classOf(address)).toBe(expected); });
});

describe('guards', () => {
  const onlyPublic = (_host: string, found: AddressClass) => found === 'public';
  const refused = expect.objectContaining({ code: 'address-refused' });

  it.each(['169.254.169.254', '[::1]', '[::ffff:169.254.169.254]', '127.0.0.1'])('refuse the address %s in a URL, where nothing is looked up', (host) => {
    expect(() => checkLiteral(host, onlyPublic)).toThrow(refused);
  });

  it.each(['http://0x7f.1/', 'http://2130706433/', 'http://0177.0.0.1/', 'http://127.1/'])('see through %s', (url) => {
    expect(() => checkLiteral(new URL(url).hostname, onlyPublic)).toThrow(refused);
  });

  it.each([true, false])('refuse what a name resolves to before it is used (all: %s)', async (all) => {
    const error = await new Promise((done) => { guardedLookup(onlyPublic)('localhost', { all }, done); });
    expect(error).toEqual(refused);
  });

  it('hand over the addresses that were checked', async () => {
    const addresses = await new Promise((done) => { guardedLookup(() => true)('localhost', { all: true }, (_error, found) => done(found)); });
    expect(addresses).toEqual(expect.arrayContaining([expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) })]));
  });
});
