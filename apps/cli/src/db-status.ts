import { openDatabase } from '@plimsoll/matching';
import { jsonText, minute, paint, plural, say, table, thousands, wrap } from './terminal.ts';

export function showStatus(path: string, asJson: boolean): number {
  using database = openDatabase(path);
  const { info, counts, ecosystems, covered } = database;
  if (asJson) {
    say(jsonText({ path, ...info, ...counts, ecosystems, covered }));
    return 0;
  }
  say([
    `${paint('bold', path)}`,
    wrap(`built ${minute(info.built)}${info.revision === info.built ? '' : `, revision ${info.revision}`}; ${plural(counts.advisories, 'advisory', 'advisories')} about ${plural(counts.names, 'package')} of ${plural(ecosystems.length, 'ecosystem')}`, ''), '',
    table([{ title: 'Source', gives: true }, { title: 'Advisories', align: 'right' }, { title: 'Entries', align: 'right' }, { title: 'Kept aside', align: 'right' }, { title: 'Newest' }],
      info.sources.map(({ id, advisories, affected, rejected, newest }) => [id, thousands(advisories), thousands(affected), thousands(rejected), newest?.slice(0, 10) ?? ''])), '',
    ...(info.knowledge?.length ? [table([{ title: 'Known besides', gives: true }, { title: 'What' }, { title: 'Records', align: 'right' }, { title: 'Kept aside', align: 'right' }],
      info.knowledge.map(({ id, kind, records, rejected }) => [id, kind === 'vex' ? 'statements of suppliers' : 'severity, likelihood, exploitation', thousands(records), thousands(rejected)])), ''] : []),
    covered.length ? table([{ title: 'Covered', gives: true }, { title: 'Advisories', align: 'right' }, { title: 'By' }], covered.map(({ ecosystem, advisories, sources }) => [ecosystem, thousands(advisories), sources.join(', ')]))
      : paint('yellow', 'No source here has all of an ecosystem: nothing found is not called clean.'),
  ].join('\n'));
  return 0;
}
