import type { Answer, GetSource } from '@plimsoll/contracts';
import type { Platform } from './platform.ts';
import { jsonText, minute, paint, plural, say, table, thousands } from './terminal.ts';

/** One source of a platform in full: how it is, what was kept aside and why, what was refused. */
export async function showSource(platform: Platform, source: string, asJson: boolean): Promise<number> {
  const found = await platform.call<Answer<typeof GetSource>>('GET', `/v1/sources/${encodeURIComponent(source)}`);
  if (asJson) { say(jsonText(found)); return 0; }
  const { title, state, problem, advisories, kept_aside, revision, floor, updated_at, checked_at, ecosystems, canaries, kept_aside_records, refusals } = found;
  const lost = canaries.filter(({ held }) => !held);
  say([
    `${paint('bold', source)}  ${title}`,
    `State ${paint(state === 'ok' ? 'green' : 'red', problem ? `${state}: ${problem}` : state)}`,
    `${plural(advisories, 'record')}${revision === undefined ? '' : ` as of revision ${revision}`}${floor === undefined ? '' : `; fewer than ${thousands(floor)} are refused`}`,
    ...(checked_at ? [`Looked at ${minute(checked_at)}${updated_at ? `, news ${minute(updated_at)}` : ''}`] : []),
    ...(canaries.length ? [`Canaries: ${canaries.length - lost.length} of ${canaries.length} found${lost.length ? `; not found: ${lost.map(({ canary }) => canary).join(', ')}` : ''}`] : []),
    ...(ecosystems.length ? ['', table([{ title: 'Ecosystem', gives: true }, { title: 'Records', align: 'right' }, { title: 'Covered' }], ecosystems.map(({ ecosystem, records, covered }) => [ecosystem, thousands(records), covered ? 'yes' : 'no']))] : []),
    ...(kept_aside > 0 ? ['', `${plural(kept_aside, 'record')} kept aside${kept_aside_records.length < kept_aside ? `, the first ${kept_aside_records.length}` : ''}`, table([{ title: 'Record', gives: true }, { title: 'Code' }, { title: 'Why', gives: true }], kept_aside_records.map(({ record, code, detail }) => [record, code, detail]))] : []),
    ...(refusals.length ? ['', 'Refused', table([{ title: 'When' }, { title: 'Code' }, { title: 'Why', gives: true }], refusals.map(({ at, code, detail, files }) => [minute(at), code, files ? `${detail} (kept in ${files})` : detail]))] : []),
  ].join('\n'));
  return 0;
}
