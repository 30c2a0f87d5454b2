import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './repository.ts';

/** Writes the sample advisories of infra/sample-feed as OSV files, for the source `private`. Answers how many there are. */
export function writeSampleFeed(folder: string): number {
  const records = new Map<string, { id: string; aliases: string[]; modified: string; published: string; severity: object[]; database_specific?: object; affected: object[] }>();
  for (const line of readFileSync(join(repository, 'infra', 'sample-feed', 'advisories.tsv'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [id = '', alias, severity, ecosystem, name, introduced, fixed, vector] = line.split('\t');
    const record = records.get(id) ?? {
      id, aliases: alias ? [alias] : [], modified: '2026-11-23T00:00:00Z', published: '2026-11-23T00:00:00Z', affected: [],
      severity: vector ? [{ type: 'CVSS_V3', score: vector }] : [], ...(severity ? { database_specific: { severity: severity.toUpperCase() } } : {}),
    };
    record.affected.push({ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced }, { fixed }] }] });
    records.set(id, record);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const record of records.values()) writeFileSync(join(folder, `${record.id}.json`), JSON.stringify(record));
  return records.size;
}
