import type { Answer, GetRevision } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, minute, paint, plural, say, table } from './terminal.ts';

export const command: Command = {
  usage: 'N',
  about: 'Shows what feed revision N changed, and which of your images it struck.',
  options: { json, url: platformOptions['url']!, limit: { type: 'string', value: 'N', what: 'images at most (default 50)' } },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const found = await platform.call<Answer<typeof GetRevision>>('GET', `/v1/revisions/${encodeURIComponent(parsed.positionals[0]!)}`, { query: { limit: parsed.text('limit') } });
    say(parsed.flag('json') ? jsonText(found) : revisionText(found));
    return 0;
  },
};

export function revisionText({ revision, published_at, changes, blast_radius: { images, packages, added, removed, vulnerabilities }, items, next_page_token }: Answer<typeof GetRevision>): string {
  const names = (some: readonly string[]): string => some.slice(0, 3).join(', ') + (some.length > 3 ? ` +${some.length - 3}` : '');
  return [
    `Revision ${paint('bold', String(revision))} of ${minute(published_at)}`,
    ...changes.map(({ source, added: came, changed, removed: gone }) => ` ${source}: ${came} added, ${changed} changed, ${gone} removed`),
    ` ${plural(images, 'image')} struck: ${plural(added, 'finding')} came and ${removed} went, in ${plural(packages, 'package version')}`, '',
    ...(vulnerabilities.length === 0 ? [] : [table([{ title: 'Severity' }, { title: 'Came' }, { title: 'Images', align: 'right' }, { title: 'Notes' }],
      vulnerabilities.slice(0, 20).map(({ id, severity, images: count, kev }) => [severity, id, String(count ?? ''), kev ? 'exploited' : ''])), '']),
    ...(items.length === 0 ? [] : [table([{ title: 'Project' }, { title: 'Image', gives: true }, { title: 'Digest' }, { title: 'Came', gives: true }, { title: 'Went', gives: true }],
      items.map(({ project, reference, digest, added: came, removed: gone }) => [project, reference, digest.slice(7, 19), names(came), names(gone)]))]),
    ...(next_page_token ? [paint('dim', ` … of ${plural(images, 'image')}; raise --limit`)] : []),
  ].join('\n').trimEnd();
}
