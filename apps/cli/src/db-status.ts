import { openDatabase } from '@plimsoll/matching';
import { jsonText, minute, paint, plural, say, table, thousands } from './terminal.ts';

export function showStatus(path: string, asJson: boolean): number {
  using database = openDatabase(path);
  const { info, counts, ecosystems } = database;
  if (asJson) {
    say(jsonText({ path, ...info, ...counts, ecosystems }));
    return 0;
  }
  say([
    `${paint('bold', path)}`,
    `revision ${info.revision}, built ${minute(info.built)}; ${plural(counts.advisories, 'advisory', 'advisories')} about ${plural(counts.names, 'package')} of ${plural(ecosystems.length, 'ecosystem')}`, '',
    table([{ title: 'Source', gives: true }, { title: 'Advisories', align: 'right' }, { title: 'Entries', align: 'right' }, { title: 'Kept aside', align: 'right' }, { title: 'Newest' }],
      info.sources.map(({ id, advisories, affected, rejected, newest }) => [id, thousands(advisories), thousands(affected), String(rejected), newest?.slice(0, 10) ?? ''])),
  ].join('\n'));
  return 0;
}
