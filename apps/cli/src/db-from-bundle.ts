import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { bundleLines, openBundle, readKey, sourceOf, type Advisory, type Enrichment, type VexStatement } from '@plimsoll/advisories';
import { buildDatabase, type Content, type DatabaseInfo } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { Parsed } from './command.ts';
import { showStatus } from './db-status.ts';
import { note } from './terminal.ts';

/** Makes the database of this machine from a platform's bundle, once every byte of it was verified; needs no network. */
export async function importBundle(path: string, file: string, parsed: Parsed): Promise<number> {
  const keys = parsed.texts('key');
  if (keys.length === 0) throw new Problem('invalid', `${file} is a bundle; name the public key it must be signed with: --key FILE.pem`, { code: 'bundle-no-keys' });
  await using bundle = await openBundle(file, keys.map((key) => readKey(contentOf(key), 'public', key)));
  const { manifest, keyId } = bundle;
  if (manifest.base !== null) throw new Problem('invalid', `${file} is the difference to revision ${manifest.base}; a database file is made from a whole one: \`plimsoll feeds export\` without --base`, { code: 'bundle-base-missing' });
  note(`Verified: revision ${manifest.revision}, made ${manifest.made_at}, signed by key ${keyId.slice(0, 16)}…`);
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundle-'));
  const affected = new Map<string, number>();
  async function* contents(): AsyncGenerator<Content> {
    for (const source of manifest.sources) {
      if (!source.file) continue;
      for await (const line of bundleLines(await bundle.extract(source, folder))) {
        if ('head' in line) {
          affected.set(source.source, (affected.get(source.source) ?? 0) + line.affected.length);
          yield { kind: 'advisory', advisory: { ...line.head, affected: line.affected } as unknown as Advisory };
        } else if ('names' in line) yield { kind: 'statement', statement: line.body as unknown as VexStatement };
        else if ('body' in line) yield { kind: 'enrichment', enrichment: line.body as unknown as Enrichment };
      }
    }
  }
  try {
    mkdirSync(dirname(path), { recursive: true });
    await buildDatabase(contents(), path, (): DatabaseInfo => ({
      revision: String(manifest.revision), built: manifest.published_at,
      // What is known of CVEs and of suppliers' words is counted beside the sources.
      sources: manifest.sources.filter(({ source }) => sourceOf(source)).map(({ source: id, records, kept_aside: rejected, updated_at }) => ({ id, advisories: records, affected: affected.get(id) ?? 0, rejected, ...(updated_at ? { fetched: updated_at } : {}) })),
    }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return showStatus(path, parsed.flag('json'));
}

function contentOf(file: string): Buffer {
  try { return readFileSync(file); } catch (cause) { throw new Problem('missing', `${file} cannot be read: ${(cause as Error).message}`, { code: 'key-missing', cause }); }
}
