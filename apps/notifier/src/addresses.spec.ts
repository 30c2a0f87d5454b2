import { describe, expect, it } from 'vitest';
import { guarding, readNetworks, type Resolve } from './addresses.ts';

const nobody: Resolve = () => Promise.reject(Object.assign(new Error('asked'), { code: 'ENOTFOUND' }));
const answering = (...addresses: string[]): Resolve => () => Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
const guard = guarding(readNetworks([]), nobody);

describe('the guard', () => {
  it.each([
    ['loopback', 'https://127.0.0.1/'], ['loopback', 'https://127.9.9.9/'], ['loopback', 'https://[::1]/'], ['loopback', 'https://0.0.0.0/'], ['loopback', 'https://[::]/'],
    ['loopback', 'https://2130706433/'], ['loopback', 'https://0177.0.0.1/'], ['loopback', 'https://0x7f.1/'], ['loopback', 'https://127.1/'], ['loopback', 'https://[::ffff:127.0.0.1]/'],
    ['metadata', 'https://169.254.169.254/'], ['metadata', 'https://[fd00:ec2::254]/'], ['metadata', 'https://[::ffff:a9fe:a9fe]/'], ['metadata', 'https://168.63.129.16/'],
    ['link-local', 'https://169.254.1.1/'], ['link-local', 'https://[fe80::1]/'],
    ['private', 'https://10.1.2.3/'], ['private', 'https://172.31.0.1/'], ['private', 'https://192.168.0.1/'], ['private', 'https://100.64.0.1/'], ['private', 'https://[fd12::1]/'], ['private', 'https://[::ffff:10.0.0.1]/'],
    ['multicast', 'https://224.0.0.1/'], ['multicast', 'https://[ff02::1]/'],
    ['reserved', 'https://255.255.255.255/'], ['reserved', 'https://[64:ff9b::7f00:1]/'], ['reserved', 'https://[2002:7f00:1::]/'], ['reserved', 'https://[::7f00:1]/'],
  ])('refuses a %s address: %s', async (range, url) => {
    await expect(guard(new URL(url))).rejects.toMatchObject({ kind: 'invalid', code: 'address-refused', detail: expect.stringContaining(range) as string });
  });

  it.each(['https://8.8.8.8/', 'https://[2606:4700::1111]/', 'https://[::ffff:8.8.8.8]/', 'https://172.32.0.1/'])('lets %s through', async (url) => {
    await expect(guard(new URL(url))).resolves.toHaveLength(1);
  });

  it('answers exactly the addresses it checked', async () => {
    await expect(guarding(readNetworks([]), answering('8.8.8.8', '2606:4700::1111'))(new URL('https://hooks.example/'))).resolves.toEqual([{ address: '8.8.8.8', family: 4 }, { address: '2606:4700::1111', family: 6 }]);
  });

  it('refuses a host of which one address is closed, and does not tell the address', async () => {
    const mixed = guarding(readNetworks([]), answering('8.8.8.8', '10.20.30.40'));
    await expect(mixed(new URL('https://hooks.example/'))).rejects.toMatchObject({ detail: expect.not.stringContaining('10.20.30.40') as string });
  });

  it('lets the operator open a network, and only there plain http', async () => {
    const opened = guarding(readNetworks(['10.0.0.0/8', 'fd00::/8', '127.0.0.1']), nobody);
    for (const url of ['http://10.1.2.3/', 'http://[fd00::1]/', 'http://127.0.0.1/', 'http://[::ffff:10.1.2.3]/']) await expect(opened(new URL(url))).resolves.toHaveLength(1);
    for (const url of ['https://127.0.0.2/', 'https://192.168.0.1/']) await expect(opened(new URL(url))).rejects.toMatchObject({ code: 'address-refused' });
    await expect(opened(new URL('http://8.8.8.8/'))).rejects.toMatchObject({ code: 'webhook-not-https' });
  });

  it('tells a host that is not there from a look-up that failed', async () => {
    await expect(guard(new URL('https://nowhere.example/'))).rejects.toMatchObject({ kind: 'invalid', code: 'host-unknown' });
    const broken: Resolve = () => Promise.reject(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }));
    await expect(guarding(readNetworks([]), broken)(new URL('https://hooks.example/'))).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('refuses credentials in a URL', async () => {
    await expect(guard(new URL('https://user:pass@8.8.8.8/'))).rejects.toMatchObject({ code: 'webhook-credentials' });
  });
});

it.each(['10.0.0.0/33', 'example.com', '', '10.0.0/8'])('names a wrong network: %j', (network) => {
  expect(() => readNetworks([network])).toThrow(/is not a network/);
});
