import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';

/** DSSE, https://github.com/secure-systems-lab/dsse/blob/master/envelope.md: what was signed, of which type, by whom. */
const Envelope = z.strictObject({
  payloadType: z.literal('application/vnd.in-toto+json'),
  payload: z.string(),
  signatures: z.tuple([z.strictObject({ keyid: z.string(), sig: z.string() })]),
});

/** SHA-256 of the public key (DER, SubjectPublicKeyInfo): the same however the PEM file is written. */
export const keyIdOf = (key: KeyObject): string => createHash('sha256').update((key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })).digest('hex');

/** An Ed25519 key from PEM, or Problem `bundle-key-unreadable`. */
export function readKey(pem: string | Buffer, kind: 'private' | 'public', where: string): KeyObject {
  let key: KeyObject;
  try { key = kind === 'private' ? createPrivateKey(pem) : createPublicKey(pem); } catch (cause) { throw invalid('bundle-key-unreadable', `${where} holds no ${kind} key in PEM`, cause); }
  if (key.asymmetricKeyType !== 'ed25519') throw invalid('bundle-key-unreadable', `${where} holds a key of the kind ${key.asymmetricKeyType}; bundles are signed with Ed25519 (\`openssl genpkey -algorithm ed25519\`)`);
  return key;
}

/** Signs a statement. */
export function seal(statement: object, key: KeyObject): Buffer {
  const payload = Buffer.from(JSON.stringify(statement)), payloadType = 'application/vnd.in-toto+json';
  return Buffer.from(JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures: [{ keyid: keyIdOf(key), sig: sign(null, encoded(payloadType, payload), key).toString('base64') }] }));
}

/**
 * What an envelope holds, once one of the keys signed it and every byte is as it was written. Problems `bundle-malformed`,
 * `bundle-key-unknown`, `bundle-signature`.
 */
export function unseal(bytes: Buffer, keys: readonly KeyObject[]): { payload: unknown; keyId: string } {
  const broken = (cause?: unknown): Problem => invalid('bundle-malformed', 'the signature of the bundle cannot be read; it was changed or cut', cause);
  let envelope: z.output<typeof Envelope>;
  try { envelope = Envelope.parse(JSON.parse(bytes.toString('utf8'))); } catch (cause) { throw broken(cause); }
  const { payloadType, payload, signatures: [{ keyid, sig }] } = envelope;
  const content = Buffer.from(payload, 'base64'), signature = Buffer.from(sig, 'base64');
  // Nothing may be said in another way: what is not signed would be free to change.
  const again = { payloadType, payload: content.toString('base64'), signatures: [{ keyid, sig: signature.toString('base64') }] };
  if (!Buffer.from(JSON.stringify(again)).equals(bytes)) throw broken();
  const key = keys.find((one) => keyIdOf(one) === keyid);
  if (!key) throw new Problem('denied', `the bundle is signed by the key ${keyid.slice(0, 16)}…, which is none of the ${keys.length} trusted here`, { code: 'bundle-key-unknown' });
  if (!verify(null, encoded(payloadType, content), key, signature)) throw new Problem('denied', 'the signature of the bundle is not that of its content', { code: 'bundle-signature' });
  try { return { payload: JSON.parse(content.toString('utf8')), keyId: keyid }; } catch (cause) { throw broken(cause); }
}

/** DSSE's pre-authentication encoding. */
const encoded = (type: string, payload: Buffer): Buffer => Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `), payload]);
