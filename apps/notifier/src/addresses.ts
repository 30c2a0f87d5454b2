import { lookup, type LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { Problem } from '@plimsoll/problem';

/** Turns a host name into its addresses, all of them. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** Checks where a webhook would go. Answers the addresses to connect to; throws a Problem that says why not. */
export type Guard = (url: URL) => Promise<readonly LookupAddress[]>;

/**
 * Keeps webhooks out of our own networks: a tenant writes the URL, our process sends the request (OWASP API7:2023).
 * Every address of the host must be public or in `allowed`; the caller connects to what was checked, so a name that
 * resolves differently a moment later gains nothing. Plain http goes to allowed networks only: verdicts name weaknesses.
 */
export const guarding = (allowed: BlockList, resolve: Resolve = systemResolve): Guard => async (url) => {
  if (url.username || url.password) throw refused('webhook-credentials', 'a webhook URL must not carry a user or password, because lists show it; receivers verify the signature instead');
  const addresses = await addressesOf(url, resolve);
  const isAllowed = addresses.map(({ address }) => has(allowed, address));
  const closed = addresses.find(({ address }, at) => !isAllowed[at] && closedRange(address));
  if (closed) throw refused('address-refused', `${url.hostname} is a ${closedRange(closed.address)} address, where webhooks may not go unless the operator allows that network (PLIMSOLL_NOTIFIER_ALLOW_NETWORKS)`);
  if (url.protocol !== 'https:' && !isAllowed.every(Boolean)) throw refused('webhook-not-https', `webhooks over the internet need https; ${url.hostname} is not in a network that the operator allows`);
  return addresses;
};

/** Reads CIDRs, or single addresses, into a list. Throws an error that names the wrong one. */
export function readNetworks(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    try {
      list.addSubnet(address, prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix), family);
    } catch {
      throw new Error(`'${network}' is not a network like 10.0.0.0/8 or fd00::/8`);
    }
  }
  return list;
}

// IANA special-purpose address registries (RFC 6890 and its updates), and where clouds answer with credentials: AWS and
// most others, AWS over IPv6, Alibaba, Oracle, Azure. What wraps an IPv4 address (NAT64, 6to4, Teredo) is closed as a whole.
const closedRanges: readonly [string, BlockList][] = ([
  ['metadata', '169.254.169.254', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  ['loopback', '127.0.0.0/8', '::1', '0.0.0.0/8', '::'],
  ['link-local', '169.254.0.0/16', 'fe80::/10'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10'],
  ['multicast', '224.0.0.0/4', 'ff00::/8'],
  ['reserved', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '240.0.0.0/4',
    '::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20', '5f00::/16'],
] as const).map(([name, ...networks]) => [name, readNetworks(networks)]);

/** The closed range an address is in; a BlockList reads an IPv4 address mapped into IPv6 as itself. */
const closedRange = (address: string): string | undefined => closedRanges.find(([, list]) => has(list, address))?.[0];

const has = (list: BlockList, address: string): boolean => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

/** The URL parser has already turned every odd spelling of an address (decimal, octal, hexadecimal, short) into the plain one. */
async function addressesOf(url: URL, resolve: Resolve): Promise<readonly LookupAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  if (family) return [{ address: host, family }];
  const found = await resolve(host).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') throw refused('host-unknown', `there is no host ${host}`);
    throw new Problem('unavailable', `the name ${host} cannot be looked up right now`, { code: 'host-lookup-failed', cause: error });
  });
  if (found.length === 0) throw refused('host-unknown', `there is no host ${host}`);
  return found.map(({ address, family: kind }) => ({ address: address.split('%')[0]!, family: kind }));
}

const systemResolve: Resolve = (host) => promisify(lookup)(host, { all: true });

const refused = (code: string, detail: string): Problem => new Problem('invalid', detail, { code, errors: [{ where: 'channel.url', what: detail }] });
