import type { Answer, ImportBundle } from '@plimsoll/contracts';
import { statSync } from 'node:fs';
import { Problem } from '@plimsoll/problem';
import type { Parsed } from './command.ts';
import { download } from './download.ts';
import type { Platform } from './platform.ts';
import { jsonText, plural, say } from './terminal.ts';

/** Fetches the current revision of a platform as a signed bundle. */
export async function exportBundle(platform: Platform, parsed: Parsed): Promise<number> {
  const base = parsed.text('base');
  if (base !== undefined && !/^\d{1,9}$/.test(base)) throw new Problem('invalid', '--base needs the number of a revision', { code: 'usage' });
  const file = await download(platform, '/v1/feeds/bundle', { base }, (name) => parsed.text('out') ?? name);
  const { size } = statSync(file);
  say(parsed.flag('json') ? jsonText({ file, bytes: size }) : `${file}: ${size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`}`);
  return 0;
}

/** Has a platform take a bundle in that lies beside its feeds service. */
export async function importBundle(platform: Platform, file: string | undefined, parsed: Parsed): Promise<number> {
  if (!file) throw new Problem('invalid', 'feeds import needs a FILE inside PLIMSOLL_FEEDS_FILES of the feeds service', { code: 'usage' });
  const done = await platform.call<Answer<typeof ImportBundle>>('POST', '/v1/feeds/import', { body: { file, ...(parsed.flag('accept-older') ? { accept_older: true } : {}), ...(parsed.flag('accept-loss') ? { accept_loss: true } : {}) } });
  const { revision, origin, sources, added, changed, removed } = done;
  say(parsed.flag('json') ? jsonText(done) : [
    `Revision ${revision}: ${plural(sources, 'source')}; ${added} added, ${changed} changed, ${removed} removed`,
    `Verified: signed by key ${origin.key_id.slice(0, 16)}…, made ${origin.made_at} of revision ${origin.revision}${origin.base === null ? '' : `, the difference to ${origin.base}`}`,
  ].join('\n'));
  return 0;
}
