import { randomBytes } from 'node:crypto';
import {
  crlBytes, issueIntermediate, issueRoot, newSealedKey, openSealedKey, readCertificate, requestCertificate, toPem,
  type Binding, type Certificate, type Issuer, type RevocationReason,
} from '@plimsoll/certificates';
import type { EntityManager } from 'typeorm';
import { record } from './audit.ts';

export type AuthorityName = 'root' | 'services';
interface Row { readonly name: AuthorityName; readonly certificate: Buffer; readonly sealed: Buffer }

const listLifeMs = 24 * 60 * 60_000;
/** A list is written anew this long after the last: whoever fetches one always has most of a day left. */
const listEveryMs = 60 * 60_000;

/** Makes the root and the intermediate of the platform's own services, once; their keys leave this function sealed. */
export async function makeAuthorities(tx: EntityManager, kek: Buffer, now: Date, crlUrl?: string): Promise<void> {
  const [{ made }] = await tx.query('select count(*)::int as made from authorities') as [{ made: number }];
  if (made > 0) return;
  // Two installations that one client trusts must not have one name.
  const mark = randomBytes(4).toString('hex');
  const rootKey = await newSealedKey('P-384', kek, bindingOf('root'));
  const root: Issuer = { signer: rootKey.signer, certificate: await issueRoot({ signer: rootKey.signer, subject: { organization: 'Plimsoll', commonName: `Plimsoll root ${mark}` }, now }) };
  const servicesKey = await newSealedKey('P-256', kek, bindingOf('services'));
  const services = await issueIntermediate({
    issuer: root, request: await requestCertificate(servicesKey.signer, {}, []), subject: { organization: 'Plimsoll', commonName: `Plimsoll services ${mark}` }, now, crlUrl,
  });
  await keep(tx, 'root', undefined, root.certificate, rootKey.sealed, now);
  await keep(tx, 'services', 'root', services, servicesKey.sealed, now);
}

/** The certificate and key of an authority. Problems of `openSealedKey`: `kek-mismatch`, `seal-broken`. */
export async function authority(tx: EntityManager, kek: Buffer, name: AuthorityName): Promise<Issuer> {
  const { certificate, sealed } = (await rows(tx)).find((row) => row.name === name)!;
  return { certificate: readCertificate(certificate), signer: openSealedKey(sealed, kek, bindingOf(name)) };
}

/** Writes the revocation lists that are due; safe to run anywhere, any time. */
export async function publishLists(tx: EntityManager, kek: Buffer, now: Date): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('identity:revocation-lists'))`);
  for (const { name } of await rows(tx)) {
    const [last] = await tx.query('select number, this_update from revocation_lists where authority = $1', [name]) as { number: string; this_update: Date }[];
    if (last && now.getTime() - last.this_update.getTime() < listEveryMs) continue;
    const revoked = await tx.query('select serial, revoked_at as at, reason from revocations where authority = $1 order by revoked_at, serial', [name]) as { serial: string; at: Date; reason: RevocationReason }[];
    const number = BigInt(last?.number ?? 0) + 1n, nextUpdate = new Date(now.getTime() + listLifeMs);
    const list = await crlBytes({ issuer: await authority(tx, kek, name), number, thisUpdate: now, nextUpdate, revoked });
    await tx.query(
      `insert into revocation_lists (authority, number, list, this_update, next_update) values ($1, $2, $3, $4, $5)
       on conflict (authority) do update set number = excluded.number, list = excluded.list, this_update = excluded.this_update, next_update = excluded.next_update`,
      [name, String(number), list, now, nextUpdate]);
  }
}

export interface TrustBundle { readonly root: string; readonly intermediates: string[]; readonly crl?: string }

/** What others should trust: PEM. `crl` holds the list of every authority, the root's first. */
export async function trustBundle(tx: EntityManager): Promise<TrustBundle> {
  const all = await rows(tx);
  const lists = await tx.query(`select list from revocation_lists order by authority = 'root' desc, authority`) as { list: Buffer }[];
  const pem = ({ certificate }: Row): string => toPem('CERTIFICATE', certificate);
  return {
    root: all.filter(({ name }) => name === 'root').map(pem).join(''),
    intermediates: all.filter(({ name }) => name !== 'root').map(pem),
    ...(lists.length ? { crl: lists.map(({ list }) => toPem('X509 CRL', list)).join('') } : {}),
  };
}

/** Ends of certificates and revocation lists, for the gauges. */
export async function endsOf(tx: EntityManager): Promise<{ name: string; notAfter: Date; nextUpdate: Date | undefined }[]> {
  const lists = await tx.query('select authority, next_update from revocation_lists') as { authority: string; next_update: Date }[];
  return (await rows(tx)).map(({ name, certificate }) => ({
    name, notAfter: readCertificate(certificate).notAfter, nextUpdate: lists.find((list) => list.authority === name)?.next_update,
  }));
}

/** Opens every key once, so that a wrong key-encryption key stops the start. */
export async function openAuthorities(tx: EntityManager, kek: Buffer): Promise<void> {
  for (const { name, sealed } of await rows(tx)) openSealedKey(sealed, kek, bindingOf(name));
}

export const bindingOf = (name: string): Binding => ['identity', 'authorities', name];

const rows = (tx: EntityManager): Promise<Row[]> => tx.query(`select name, certificate, sealed from authorities order by name = 'root' desc, created_at, name`);

async function keep(tx: EntityManager, name: AuthorityName, issuer: AuthorityName | undefined, { der, serial, notAfter }: Certificate, sealed: Uint8Array, now: Date): Promise<void> {
  await tx.query('insert into authorities (name, issuer, certificate, sealed, created_at) values ($1, $2, $3, $4, $5)', [name, issuer ?? null, Buffer.from(der), Buffer.from(sealed), now]);
  await record(tx, { act: 'authority.made', actor: 'system', facts: { authority: name, serial, not_after: notAfter.toISOString() } }, now);
}
