import type { ImageItem, Page } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, paint, plural, say, table } from './terminal.ts';

export const command: Command = {
  usage: '[--decision allow,warn,deny] [--severity LIST] [--search TEXT]',
  about: 'Lists the images of a project with what is known of each.',
  options: {
    json, ...platformOptions,
    decision: { type: 'string', value: 'LIST', what: 'only these verdicts' }, severity: { type: 'string', value: 'LIST', what: 'only images with findings of these severities' },
    search: { type: 'string', value: 'TEXT', what: 'part of the reference or digest' }, limit: { type: 'string', value: 'N', what: 'at most so many (default 50)' },
  },
  words: [0, 0],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const page = await platform.call<Page<ImageItem>>('GET', '/v1/projects/{project}/images', { query: { decision: parsed.text('decision'), severity: parsed.text('severity'), search: parsed.text('search'), limit: parsed.text('limit') } });
    if (parsed.flag('json')) { say(jsonText(page)); return 0; }
    if (page.items.length === 0) { say('No images. Submit one with `plimsoll push REFERENCE`.'); return 0; }
    const rows = page.items.map(({ reference, digest, state, packages, summary, decision }) => [
      reference, digest?.slice(7, 19) ?? '', packages === undefined ? '' : String(packages), summary ? String(summary.by_severity.critical) : '', summary ? String(summary.by_severity.high) : '', summary ? String(summary.total) : '', decision ?? state]);
    say(table([{ title: 'Image', gives: true }, { title: 'Digest' }, { title: 'Packages', align: 'right' }, { title: 'Critical', align: 'right' }, { title: 'High', align: 'right' }, { title: 'All', align: 'right' }, { title: 'Verdict' }], rows,
      (cell, column) => column === 6 ? paint(cell.startsWith('deny') || cell.startsWith('rejected') ? 'red' : cell.startsWith('warn') ? 'yellow' : 'green', cell) : cell));
    if (page.next_page_token) say(paint('dim', ` … of ${plural(page.total.count, 'image')}; narrow it with --search, or raise --limit`));
    return 0;
  },
};
