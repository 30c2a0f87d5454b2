import { kekId, kekOf, seal, unseal, type Binding } from '@plimsoll/certificates';
import type { EntityManager } from 'typeorm';
import { record } from './audit.ts';
import { bindingOf as authorityBinding } from './authorities.ts';
import { bindingOf as keyBinding } from './signing-keys.ts';

/** Every table that holds something sealed; a new one is a line here. */
const sealedTables: readonly { readonly table: string; readonly id: string; readonly binding: (id: string) => Binding }[] = [
  { table: 'authorities', id: 'name', binding: authorityBinding },
  { table: 'signing_keys', id: 'kid', binding: keyBinding },
];

/** Seals again, under the new key-encryption key, what is still sealed under the old one. Afterwards the old key is not needed. */
export async function reseal(tx: EntityManager, oldKek: Buffer, newKek: Buffer, now: Date): Promise<void> {
  const old = kekId(oldKek);
  for (const { table, id, binding } of sealedTables) {
    const rows = await tx.query(`select ${id} as id, sealed from ${table} where sealed is not null for update`) as { id: string; sealed: Buffer }[];
    for (const row of rows) {
      if (kekOf(row.sealed) !== old) continue;
      const secret = unseal(row.sealed, oldKek, binding(row.id));
      try {
        await tx.query(`update ${table} set sealed = $2 where ${id} = $1`, [row.id, Buffer.from(seal(secret, newKek, binding(row.id)))]);
      } finally {
        secret.fill(0);
      }
      await record(tx, { act: 'key.resealed', actor: 'system', facts: { table, id: row.id, from: old, to: kekId(newKek) } }, now);
    }
  }
}
