import { lookup as resolve, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { Problem } from '@plimsoll/problem';

/** Where an address is. 'metadata' are link-local addresses and those where clouds answer with credentials; nothing legitimate to a registry lives there. */
export type AddressClass = 'public' | 'private' | 'loopback' | 'metadata';

const list = (...subnets: readonly `${string}/${number}`[]): BlockList => {
  const blocks = new BlockList();
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/');
    blocks.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return blocks;
};

// IANA special-purpose address registries (RFC 6890). Metadata: AWS, Google, Azure; AWS over IPv6; Alibaba; Oracle.
const classes: readonly [AddressClass, BlockList][] = [
  ['metadata', list('169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128', '100.100.100.200/32', '192.0.0.192/32')],
  ['loopback', list('127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128')],
  ['private', list('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4', 'fc00::/7', 'ff00::/8')],
];

/** The class of an IP address; an IPv4 address wrapped into IPv6 (mapped, NAT64, 6to4) counts as itself. */
export function classOf(address: string): AddressClass {
  const plain = unwrapped(address);
  return classes.find(([, blocks]) => blocks.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6'))?.[0] ?? 'public';
}

const wrappers = list('::ffff:0:0/96', '64:ff9b::/96');
const sixToFour = list('2002::/16');

function unwrapped(address: string): string {
  if (isIPv4(address)) return address;
  const words = ipv6Words(address);
  const at = wrappers.check(address, 'ipv6') ? 6 : sixToFour.check(address, 'ipv6') ? 1 : undefined;
  if (at === undefined) return address;
  const [high = 0, low = 0] = words.slice(at, at + 2);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** The eight words of an IPv6 address; the URL parser does the reading. */
function ipv6Words(address: string): number[] {
  const text = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const start = words(head), end = tail === undefined ? [] : words(tail);
  return [...start, ...Array<number>(8 - start.length - end.length).fill(0), ...end];
}

/** Decides about one address of a host; what is refused says why. */
export type AddressPolicy = (host: string, found: AddressClass) => boolean;

const refused = (host: string, address: string, found: AddressClass): Problem =>
  new Problem('denied', `${host} is ${address === host ? '' : `at ${address}, `}a ${found} address, where this request may not go`, { code: 'address-refused' });

/** Checks a host that is an address already: for those no look-up happens. */
export function checkLiteral(host: string, allows: AddressPolicy): void {
  const address = host.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !allows(host, classOf(address))) throw refused(host, address, classOf(address));
}

/** A look-up for `net.connect` that checks every address before any is used: the name is resolved once, and the connection goes to what was checked. */
export const guardedLookup = (allows: AddressPolicy): LookupFunction => (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) { callback(error, []); return; }
    const bad = addresses.find(({ address }) => !allows(hostname, classOf(address)));
    if (bad !== undefined) callback(refused(hostname, bad.address, classOf(bad.address)), []);
    else if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]!.address, addresses[0]!.family);
  });
};
