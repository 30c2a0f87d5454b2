import type { AffectedImage, Answer, WhoHas } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, paint, plural, say, table, wrap } from './terminal.ts';

export const command: Command = {
  usage: 'CVE',
  about: 'Lists the images of all your projects that have a vulnerability now. CVE is a CVE or any id or alias of an advisory.',
  options: { json, url: platformOptions['url']!, limit: { type: 'string', value: 'N', what: 'at most so many (default 50)' } },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const id = parsed.positionals[0]!;
    const found = await platform.call<Answer<typeof WhoHas>>('GET', `/v1/vulnerabilities/${encodeURIComponent(id)}`, { query: { limit: parsed.text('limit') } });
    say(parsed.flag('json') ? jsonText(found) : whoHasText(id, found));
    return 0;
  },
};

export function whoHasText(id: string, { items, total, projects, vulnerabilities, revision, next_page_token }: Answer<typeof WhoHas>): string {
  const kept = vulnerabilities.filter((name) => name !== id);
  if (items.length === 0) return wrap(`No image has ${id} as of feed revision ${revision}. That is no proof for packages nobody speaks of: \`plimsoll why-not ${id} IMAGE --remote\` tells of one image.`, '');
  return [
    `${paint('bold', id)}${kept.length ? paint('dim', ` (${kept.join(', ')})`) : ''}: ${plural(total.count, 'image')} in ${plural(projects, 'project')}, as of feed revision ${revision}`, '',
    table([{ title: 'Project' }, { title: 'Image', gives: true }, { title: 'Digest' }, { title: 'Package', gives: true }, { title: 'Fixed in', gives: true }, { title: 'Since', spare: true }], items.map(row)),
    ...(next_page_token ? [paint('dim', ` … of ${plural(total.count, 'image')}; raise --limit`)] : []),
  ].join('\n');
}

function row({ project, reference, digest, packages, first_seen }: AffectedImage): string[] {
  const [{ purl, fixed_version, state }] = packages as [AffectedImage['packages'][number]];
  return [project, reference, digest.slice(7, 19), `${decodeURIComponent(purl.replace(/^pkg:[^/]+\//, '').replace(/\?.*$/, ''))}${packages.length > 1 ? ` +${packages.length - 1}` : ''}`, state === 'undetermined' ? 'cannot tell' : fixed_version ?? '', first_seen.slice(0, 10)];
}
