import { invalid } from '@plimsoll/problem';
import type { FeedRecord } from './feed.ts';

/** Characters of the longest row; the catalogue of exploited vulnerabilities has some of 3,000. */
const mostCharacters = 1024 * 1024;

/** The rows of a CSV file (RFC 4180; lines may end in LF), in memory one at a time. Problems: `feed-empty`, `feed-malformed`, `feed-truncated` inside quotes. */
export async function* csvRows({ name, chunks }: FeedRecord): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '', row: string[] = [], any = false;
  // A cell in quotes, or one without; a cell whose end is not there yet waits for the next chunk.
  const cell = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r?\n)/y;
  const cells = function* (text: string): Generator<string[]> {
    cell.lastIndex = 0;
    let at = 0;
    for (let found = cell.exec(text); found !== null; found = cell.exec(text)) {
      at = cell.lastIndex;
      row.push(found[1] === undefined ? found[2]! : found[1].replaceAll('""', '"'));
      if (found[3] === ',') continue;
      if (row.length > 1 || row[0] !== '') yield row;
      row = [];
    }
    rest = text.slice(at);
  };
  for await (const chunk of chunks) {
    any ||= chunk.length > 0;
    for (const found of cells(rest + decoder.decode(chunk, { stream: true }))) yield found;
    if (rest.length > mostCharacters) throw invalid('feed-malformed', `${name} is not CSV: a cell has more than ${mostCharacters} characters`);
  }
  if (!any) throw invalid('feed-empty', `${name} is empty`);
  const last = rest + decoder.decode();
  if (last !== '' || row.length > 0) yield* cells(`${last}\n`);
  if (rest !== '') throw /^"/.test(rest) && !/^"[^"]*(?:""[^"]*)*"/.test(rest) ? invalid('feed-truncated', `${name} ends in the middle of a quoted cell`) : invalid('feed-malformed', `${name} is not CSV: ${rest.slice(0, 60)}`);
}
