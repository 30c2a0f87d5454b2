import type { Signer } from '@plimsoll/certificates';

/** A JWS in compact form (RFC 7515 section 7.1), ES256, by a key that stays inside its signer. */
export async function compactJws(signer: Signer, header: object, claims: object): Promise<string> {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${flat(await signer.sign([Buffer.from(input)])).toString('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signers answer the DER of RFC 3279; JOSE wants r and s side by side, 32 bytes each (RFC 7518 section 3.4). */
const flat = (der: Uint8Array): Buffer => {
  const r = der.subarray(4, 4 + der[3]!), s = der.subarray(6 + r.length);
  return Buffer.concat([fixed(r), fixed(s)]);
};

/** A DER integer as 32 bytes: without its sign byte, with its leading zeros. */
const fixed = (integer: Uint8Array): Buffer => Buffer.concat([Buffer.alloc(32), integer]).subarray(-32);
