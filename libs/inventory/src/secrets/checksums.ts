import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Whether the last six characters are the CRC-32 of those between them and the prefix, in base 62: GitHub's and npm's tokens (github.blog, "Behind GitHub's new authentication token formats"). */
export function hasChecksum(token: string): boolean {
  const body = token.slice(token.lastIndexOf('_') + 1);
  let sum = crc32(body.slice(0, -6)), text = '';
  for (let i = 0; i < 6; i++) { text = digits[sum % 62]! + text; sum = Math.floor(sum / 62); }
  return text === body.slice(-6);
}

/** Whether a JSON Web Token is one by its header (RFC 7519, RFC 7515), is signed, and is not the example of every tutorial. */
export function isSignedToken(token: string): boolean {
  try {
    const [header = '', payload = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('utf8'));
    const { alg } = JSON.parse(header) as { alg?: unknown };
    return typeof alg === 'string' && alg.toLowerCase() !== 'none' && !payload.includes('"1234567890"') && typeof JSON.parse(payload) === 'object';
  } catch {
    return false;
  }
}

/** Whether base64 holds `user:password` (RFC 7617), as in Docker's config.json. */
export function isBasicAuth(text: string): boolean {
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  return /^[\x21-\x7e]+:[\x20-\x7e]{2,}$/.test(decoded);
}
