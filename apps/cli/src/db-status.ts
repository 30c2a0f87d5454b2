import { openDatabase } from '@plimsoll/matching';
import { paint, plural, say, table } from './terminal.ts';

export function showStatus(path: string, asJson: boolean): number {
  using database = openDatabase(path);
  const { info, counts, ecosystems } = database;
  if (asJson) {
    say(JSON.stringify({ path, ...info, ...counts, ecosystems }, null, 2));
    return 0;
  }
  say([
    `${paint('bold', path)}`,
    `revision ${info.revision}, built ${info.built.slice(0, 16).replace('T', ' ')}; ${plural(counts.advisories, 'advisory', 'advisories')} about ${plural(counts.names, 'package')} of ${plural(ecosystems.length, 'ecosystem')}`, '',
    table([{ title: 'Source', gives: true }, { title: 'Advisories', align: 'right' }, { title: 'Entries', align: 'right' }, { title: 'Kept aside', align: 'right' }, { title: 'Newest' }],
      info.sources.map(({ id, advisories, affected, rejected, newest }) => [id, advisories.toLocaleString('en'), affected.toLocaleString('en'), String(rejected), newest?.slice(0, 10) ?? ''])),
  ].join('\n'));
  return 0;
}
