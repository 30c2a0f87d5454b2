import { describe, expect, it } from 'vitest';
import { networkOf, waitAfter } from './throttles.ts';

it.each([[0, 0], [9, 0], [10, 1], [11, 2], [12, 4], [19, 512], [20, 900], [1_000_000, 900]])('after %i failures the wait is %i s', (failures, seconds) => {
  expect(waitAfter(failures, { free: 10, maxWait: 900 })).toBe(seconds);
});

describe('whose failures count together', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'], ['ipv4:192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.7', '192.0.2.7'], [undefined, 'unknown'], ['', ''], ['a pipe', 'a pipe'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'], ['ipv6:[2001:db8:1:2:ffff::1]', '2001:db8:1:2::/64'], ['2001:db8::1', '2001:db8:0:0::/64'], ['2001:DB8:0:0:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'], ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['::', '0:0:0:0::/64'],
  ])('%s counts as %s', (client, network) => { expect(networkOf(client)).toBe(network); });
});
