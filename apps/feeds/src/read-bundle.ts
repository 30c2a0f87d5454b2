import { bundleLines, type Affected } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import { jsonText, type Feed, type Made } from './feed-table.ts';

/** The records of one source of a bundle, which are made already, and the keys of those that are gone. */
export async function* readBundle({ id, shelf }: Feed, files: readonly string[]): AsyncGenerator<{ readonly kind: 'made'; readonly made: Made } | { readonly kind: 'gone'; readonly key: string }> {
  for (const file of files) {
    for await (const line of bundleLines(file)) {
      if ('gone' in line) yield { kind: 'gone', key: line.gone };
      else if ('head' in line && shelf === 'advisories') yield { kind: 'made', made: { key: line.key, body: jsonText(line.head), affected: line.affected as Affected[], severity: line.severity, names: [] } };
      else if ('names' in line && shelf === 'statements') yield { kind: 'made', made: { key: line.key, body: jsonText(line.body), affected: [], severity: 0, names: line.names } };
      else if ('body' in line && shelf === 'enrichments') yield { kind: 'made', made: { key: line.key, body: jsonText(line.body), affected: [], severity: 0, names: [] } };
      else throw new Problem('invalid', `${id}: a line of the bundle is not of ${shelf}`, { code: 'bundle-malformed' });
    }
  }
}
