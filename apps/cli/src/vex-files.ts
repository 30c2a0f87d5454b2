import { bytesOf, defaultFeedLimits, readVex, recordsOf, type VexStatement } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';

/** The statements of documents. One that cannot be read is an error: what it suppresses would be told as a finding, or the other way round. */
export async function readVexFiles(paths: readonly string[]): Promise<VexStatement[]> {
  const statements: VexStatement[] = [];
  for (const path of paths) {
    let documents = 0;
    for await (const record of recordsOf(path)) {
      if (record.name.includes('/') && !/\.json$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
      const bytes = await bytesOf(record, defaultFeedLimits.recordBytes);
      let document: unknown;
      try { document = JSON.parse(bytes.toString('utf8')); } catch (cause) { throw new Problem('invalid', `${path}: ${record.name} is no JSON: ${(cause as Error).message}`, { code: 'vex-unreadable', cause }); }
      documents++;
      statements.push(...readVex(document, record.name));
    }
    if (documents === 0) throw new Problem('invalid', `${path} has no VEX document`, { code: 'vex-unreadable' });
  }
  return statements;
}
