import type { ImageItem, Page } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions, type Platform } from './platform.ts';
import { findImage } from './show-image.ts';
import { jsonText, paint, plural, say, table } from './terminal.ts';

export const command: Command = {
  usage: '[list | rm IMAGE…] [--decision allow,warn,deny] [--severity LIST] [--search TEXT]',
  about: 'Lists the images of a project with what is known of each. `rm` forgets images, named by digest or reference: findings, verdicts and history.',
  options: {
    json, ...platformOptions,
    decision: { type: 'string', value: 'LIST', what: 'only these verdicts' }, severity: { type: 'string', value: 'LIST', what: 'only images with findings of these severities' },
    search: { type: 'string', value: 'TEXT', what: 'part of the reference or digest' }, limit: { type: 'string', value: 'N', what: 'at most so many (default 50)' },
  },
  words: [0, 100],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const [action = 'list', ...names] = parsed.positionals;
    if (action === 'rm') return forget(platform, names, parsed.flag('json'));
    if (action !== 'list' || names.length > 0) throw new Problem('invalid', `images ${parsed.positionals.join(' ')}: choose from list, rm`, { code: 'usage' });
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

/** Every name is found before any image is forgotten: a typing error forgets nothing. */
async function forget(platform: Platform, names: readonly string[], asJson: boolean): Promise<number> {
  if (names.length === 0) throw new Problem('invalid', 'images rm: which image? Name it by digest or reference', { code: 'usage' });
  const images: ImageItem[] = [];
  for (const name of names) images.push(await findImage(platform, name));
  const nameless = images.find(({ digest }) => !digest);
  if (nameless) throw new Problem('invalid', `${nameless.reference} was rejected before its digest was known; it goes when it can be read, or by \`keep_days\``, { code: 'image-without-digest' });
  for (const { digest } of images) await platform.call('DELETE', `/v1/projects/{project}/images/${digest}`);
  say(asJson ? jsonText(images.map(({ digest, reference }) => ({ digest, reference }))) : images.map(({ digest, reference }) => `forgotten ${digest?.slice(0, 19)}  ${reference}`).join('\n'));
  return 0;
}
