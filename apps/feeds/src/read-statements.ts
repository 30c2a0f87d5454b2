import { bytesOf, readVex, rejected, type FeedRecord, type ParseContext, type VexStatement } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';

/** Reads VEX documents, a JSON file each; a statement is known by its document and its place there. Files that are none (a hub's index) are passed over. */
export async function* readStatements(records: AsyncIterable<FeedRecord>, { limits }: ParseContext): AsyncGenerator<{ readonly key: string; readonly statement: VexStatement } | ReturnType<typeof rejected>> {
  for await (const record of records) {
    if (!/\.json$/i.test(record.name)) { for await (const _ of record.chunks) void _; continue; }
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      const document: unknown = JSON.parse(bytes.toString('utf8'));
      if (!isVex(document)) continue;
      const statements = readVex(document, record.name);
      for (const [place, statement] of statements.entries()) yield { key: `${record.name}#${place}`, statement };
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
}

const isVex = (document: unknown): boolean => typeof document === 'object' && document !== null && ('statements' in document || 'bomFormat' in document);
