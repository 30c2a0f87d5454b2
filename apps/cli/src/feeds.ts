import type { Answer, GetFeedsStatus, IngestSource } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, minute, paint, plural, say, table, thousands } from './terminal.ts';

export const command: Command = {
  usage: '[show SOURCE | ingest SOURCE [--file FILE] | export [--base REVISION] [--out FILE] | import FILE] | sources | normalize SOURCE FILE',
  about: `Lists the advisory sources of a platform: state, size, age. \`ingest\` takes one in now, from its publisher or from a file of the feeds service.
\`show\` says all of one: records kept aside and why, refusals, canaries. \`export\` fetches the current revision as a signed bundle, whole or as the
difference to an earlier one; \`import\` takes a bundle in that lies beside the feeds service, once all of it was verified.

Without a platform: \`sources\` lists all that can be taken in; \`normalize\` prints what a file becomes, a JSON line for each record (SOURCE \`auto\`: told from the
file), {"rejected": …} for one that cannot be read. Of two lines with one key the last counts.`,
  options: { json, ...platformOptions, file: { type: 'string', value: 'FILE', what: 'ingest: a file or directory inside PLIMSOLL_FEEDS_FILES of the feeds service' }, 'accept-loss': { type: 'boolean', what: 'ingest, import: take it although records or canaries are missing' },
    'accept-older': { type: 'boolean', what: 'import: take it although a later revision of the same platform is there' },
    base: { type: 'string', value: 'REVISION', what: 'export: the difference to this revision' }, out: { type: 'string', short: 'o', value: 'FILE', what: 'export: write there' }, all: { type: 'boolean', what: 'also the sources never fetched' } },
  words: [0, 3],
  async run(parsed) {
    const [action, source, file] = parsed.positionals;
    if (action === 'sources') return (await import('./feeds-sources.ts')).listSources(parsed.flag('json'));
    if (action === 'normalize') {
      if (!source || !file) throw new Problem('invalid', 'feeds normalize needs SOURCE and FILE', { code: 'usage' });
      return (await import('./feeds-normalize.ts')).normalize(source, file);
    }
    const isKnown = action === undefined || (action === 'export' && !source) || (['show', 'ingest', 'import'].includes(action) && source);
    if (!isKnown || file) throw new Problem('invalid', `feeds ${parsed.positionals.join(' ')}: choose from show SOURCE, ingest SOURCE, export, import FILE, sources, normalize SOURCE FILE`, { code: 'usage' });
    const platform = await openPlatform(parsed);
    if (action === 'export') return (await import('./feeds-bundles.ts')).exportBundle(platform, parsed);
    if (action === 'import') return (await import('./feeds-bundles.ts')).importBundle(platform, source, parsed);
    if (action === 'show') return (await import('./feeds-show.ts')).showSource(platform, source!, parsed.flag('json'));
    if (action === 'ingest' && source) {
      const done = await platform.call<Answer<typeof IngestSource>>('POST', `/v1/feeds/${encodeURIComponent(source)}/ingest`, { body: { file: parsed.text('file'), ...(parsed.flag('accept-loss') ? { accept_loss: true } : {}) } });
      say(parsed.flag('json') ? jsonText(done) : `${source}: revision ${done.revision}; ${plural(done.advisories, 'advisory', 'advisories')}, ${done.added} added, ${done.changed} changed, ${done.removed} removed, ${done.kept_aside} kept aside`);
      return 0;
    }
    const status = await platform.call<Answer<typeof GetFeedsStatus>>('GET', '/v1/feeds');
    if (parsed.flag('json')) { say(jsonText(status)); return 0; }
    const rows = status.sources.filter(({ state }) => parsed.flag('all') || state !== 'never')
      .map(({ source: id, title, advisories, kept_aside, revision, age_seconds, state, problem }) => [id, title, thousands(advisories), String(kept_aside), revision === undefined ? '' : String(revision), age_seconds === undefined ? '' : ageOf(age_seconds), problem ? `${state}: ${problem}` : state]);
    say([
      `Revision ${paint('bold', String(status.revision))}${status.published_at ? ` of ${minute(status.published_at)}` : ''}: ${plural(status.advisories, 'advisory', 'advisories')}, ${plural(status.images, 'image')} watched`, '',
      rows.length ? table([{ title: 'Source' }, { title: 'Title', gives: true }, { title: 'Records', align: 'right' }, { title: 'Aside', align: 'right' }, { title: 'Rev', align: 'right' }, { title: 'Age', align: 'right' }, { title: 'State', gives: true }], rows,
        (cell, column, row) => column === 6 ? paint(rows[row]![6] === 'ok' ? 'green' : 'red', cell) : cell) : ' No source was fetched yet.',
    ].join('\n'));
    return status.sources.some(({ state }) => state === 'refused' || state === 'stale') ? 1 : 0;
  },
};

/** Since the last good look: `40 s`, `3 h`. */
const ageOf = (seconds: number): string => seconds < 120 ? `${Math.round(seconds)} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
