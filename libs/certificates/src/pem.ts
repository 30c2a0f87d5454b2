import { invalid, Problem } from '@plimsoll/problem';

/** What a PEM block may hold here. OpenSSL knows a CRL as `X509 CRL` only (RFC 7468 section 6). */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'X509 CRL' | 'PUBLIC KEY';

/** Textual encoding of RFC 7468: 64 columns, ends with a newline. */
export const toPem = (label: PemLabel, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/**
 * The blocks of one label, in order; other blocks and the text around them are passed over.
 * Problem `pem-malformed` when there is none or one is damaged, `limit-pem` past `maxCharacters` (default 1 Mi).
 */
export const fromPem = (label: PemLabel, text: string, maxCharacters = 1 << 20): Uint8Array[] => {
  if (text.length > maxCharacters) throw new Problem('invalid', `PEM text of ${text.length} characters is longer than the ${maxCharacters} allowed`, { code: 'limit-pem' });
  const begin = `-----BEGIN ${label}-----`, end = `-----END ${label}-----`;
  const blocks = text.split(begin).slice(1).map((block) => {
    const stop = block.indexOf(end);
    if (stop === -1) throw invalid('pem-malformed', `a ${label} block has no end line`);
    return decoded(block.slice(0, stop), label);
  });
  if (blocks.length === 0) throw invalid('pem-malformed', `there is no ${label} block`);
  return blocks;
};

/** Buffer.from skips what it does not know; a damaged block must not become a shorter, different one. */
const decoded = (body: string, label: string): Uint8Array => {
  const base64 = body.replace(/[ \t\r\n]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64) throw invalid('pem-malformed', `a ${label} block is not base64`);
  return bytes;
};
