import { Problem } from '@plimsoll/problem';
import type { Issuer } from './issue.ts';
import { bitString, explicit, integer, length, sequence, time } from './der.ts';
import { authorityKeyIdentifier, crlNumber, issuingDistributionPoint } from './extensions.ts';
import { signatureAlgorithm } from './signatures.ts';

/** Why a certificate was revoked, with the numbers of RFC 5280 5.3.1. `unspecified` is written by leaving it out; hold and un-hold are not offered. */
export const revocationReasons = { unspecified: 0, keyCompromise: 1, cACompromise: 2, affiliationChanged: 3, superseded: 4, cessationOfOperation: 5, privilegeWithdrawn: 9, aACompromise: 10 } as const;
export type RevocationReason = keyof typeof revocationReasons;

export interface Revocation {
  /** As `Certificate.serial`: lower-case hex, two digits a byte. */
  readonly serial: string;
  readonly at: Date;
  readonly reason?: RevocationReason | undefined;
}

export interface CrlRequest {
  readonly issuer: Issuer;
  /** Rises with every list of this issuer and shard (RFC 5280 5.2.3). */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Read once, one at a time: a database cursor will do. */
  readonly revoked: AsyncIterable<Revocation> | Iterable<Revocation>;
  /** The address this shard is served from; certificates of the shard carry the same as their distribution point. */
  readonly shardUrl?: string | undefined;
  /** Bytes of the list; beyond it Problem `limit-crl`. Default 64 MiB, about 1.4 million entries: shard before that. */
  readonly maxBytes?: number;
}

/**
 * Writes a signed CRL (RFC 5280 5.1) and yields its DER in pieces of about 64 KiB. The length stands at the front of
 * a DER list and the signature covers it, so the entries are kept, encoded, until the last was read: 35 to 50 bytes each.
 */
export async function* writeCrl({ issuer: { certificate, signer }, revoked, maxBytes = 64 * 1024 * 1024, ...list }: CrlRequest): AsyncGenerator<Uint8Array> {
  if (list.nextUpdate <= list.thisUpdate) throw new Problem('bug', 'a revocation list must end after it begins', { code: 'crl-times' });
  if (!certificate.extensions.keyUsage?.includes('cRLSign')) throw new Problem('bug', `${certificate.subject.text} may not sign revocation lists`, { code: 'crl-issuer' });
  const entries = await encoded(revoked, maxBytes);
  const size = entries.reduce((sum, { length: bytes }) => sum + bytes, 0);
  const algorithm = signatureAlgorithm(signer.algorithm);
  const before = Buffer.concat([
    integer(1), algorithm, certificate.subject.der, time(list.thisUpdate), time(list.nextUpdate),
    ...(size === 0 ? [] : [Uint8Array.of(0x30), length(size)]),  // revokedCertificates is absent, never empty (5.1.2.6)
  ]);
  const after = explicit(0, sequence(
    authorityKeyIdentifier(certificate.extensions.subjectKeyId ?? new Uint8Array()), crlNumber(list.number),
    ...(list.shardUrl === undefined ? [] : [issuingDistributionPoint(list.shardUrl)]),
  ));
  const inner = before.length + size + after.length;
  const toBeSigned = [Buffer.concat([Uint8Array.of(0x30), length(inner), before]), ...entries, after];
  const signature = Buffer.concat([algorithm, bitString(await signer.sign(toBeSigned))]);
  yield Buffer.concat([Uint8Array.of(0x30), length(toBeSigned.reduce((sum, { length: bytes }) => sum + bytes, signature.length))]);
  yield* toBeSigned;
  yield signature;
}

/** The whole list at once, for the short ones. */
export const crlBytes = async (request: CrlRequest): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeCrl(request)) pieces.push(piece);
  return Buffer.concat(pieces);
};

const pieceBytes = 64 * 1024;

const encoded = async (revoked: CrlRequest['revoked'], maxBytes: number): Promise<Uint8Array[]> => {
  const pieces: Uint8Array[] = [];
  let piece = Buffer.allocUnsafe(pieceBytes), used = 0;
  for await (const revocation of revoked) {
    if (used + maxEntryBytes > pieceBytes) {
      pieces.push(piece.subarray(0, used));
      if (pieces.length * pieceBytes > maxBytes) throw new Problem('limited', `the revocation list is longer than ${maxBytes} bytes`, { code: 'limit-crl' });
      piece = Buffer.allocUnsafe(pieceBytes);
      used = 0;
      await turn();
    }
    used += writeEntry(piece, used, revocation);
  }
  return used === 0 ? pieces : [...pieces, piece.subarray(0, used)];
};

/** SEQUENCE { serial, time, [ { { reasonCode } } ] }: 2 + 2 + 21 + 17 + 14 at most, always a one-byte length. */
const maxEntryBytes = 56;

const reasonPrefix = Buffer.from('300c300a0603551d1504030a01', 'hex');

const writeEntry = (into: Buffer, start: number, { serial, at, reason = 'unspecified' }: Revocation): number => {
  if (!/^(?!00)(?:[0-9a-f]{2}){1,20}$/.test(serial)) throw new Problem('bug', `${serial} is not a serial number`, { code: 'crl-serial' });
  let to = start + 4;
  if (serial.charCodeAt(0) > 0x37) into[to++] = 0;  // '8' and above: the sign bit is not ours
  to += into.write(serial, to, 'hex');
  into[start + 2] = 2;
  into[start + 3] = to - start - 4;
  const date = time(at);
  into.set(date, to);
  to += date.length;
  if (reason !== 'unspecified') {
    to += reasonPrefix.copy(into, to);
    into[to++] = revocationReasons[reason];
  }
  into[start] = 0x30;
  into[start + 1] = to - start - 2;
  return to - start;
};

/** Lets other work of the process run between two pieces. */
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
