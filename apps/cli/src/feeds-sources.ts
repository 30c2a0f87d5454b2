import { publications } from '@plimsoll/advisories';
import { jsonText, say, table } from './terminal.ts';

/** Lists everything that can be taken in, from the tables this program is built with. */
export function listSources(asJson: boolean): number {
  if (asJson) {
    say(jsonText(publications.map(({ id, title, gives, urls, list, interval, floor }) => ({ id, title, gives, fetched: urls.length > 0 || list !== undefined, urls, interval_seconds: interval, floor }))));
    return 0;
  }
  say(table([{ title: 'Source' }, { title: 'Title', gives: true }, { title: 'Gives' }, { title: 'Every' }, { title: 'From', gives: true, spare: true }],
    publications.map(({ id, title, gives, urls, list, interval }) => [id, title, gives, urls.length > 0 || list ? duration(interval) : '', urls[0] ? `${new URL(urls[0]).host}${urls.length > 1 ? ` +${urls.length - 1}` : ''}` : list ? 'a list of its publisher\'s' : 'a file'])));
  return 0;
}

const duration = (seconds: number): string => seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`;
