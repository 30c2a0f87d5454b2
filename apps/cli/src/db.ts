import { Problem } from '@plimsoll/problem';
import { type Command, json, type Parsed } from './command.ts';
import { platformOptions } from './platform.ts';
import { databaseOption, databasePath } from './database-path.ts';

const actions: Readonly<Record<string, (parsed: Parsed, path: string, words: readonly string[]) => Promise<number>>> = {
  status: async (parsed, path) => (await import('./db-status.ts')).showStatus(path, parsed.flag('json')),
  update: async (parsed, path, words) => parsed.flag('from-platform') ? (await import('./db-from-platform.ts')).updateFromPlatform(path, parsed) : (await import('./db-build.ts')).update(path, words, parsed),
  build: async (parsed, path, words) => (await import('./db-build.ts')).build(parsed.text('out') ?? path, words, parsed),
  import: async (parsed, path, words) => (await import('./db-import.ts')).importDatabase(path, words, parsed),
};

export const command: Command = {
  usage: 'status | update [SOURCE…] [--from-platform] | build [SOURCE=]PATH… [--out FILE] | import FILE [--key FILE.pem]',
  about: `The advisory database of this machine, for scans without a server.

  status   what it holds: sources, counts, dates
  update   fetch sources from their publishers and replace it (default: those of Debian, Alpine, npm, PyPI, Go, Maven, crates.io, RubyGems, NuGet);
           with --from-platform the one of a platform's current revision
  build    make one from feed files: zip, tar, directory, JSON, also .zst and .gz; a directory of such files is taken file by file
  import   put a finished database in its place, after checking it whole; or make one from a platform's signed bundle, after verifying it`,
  options: { json, ...databaseOption, out: { type: 'string', short: 'o', value: 'FILE', what: 'build: write there instead' },
    'from-platform': { type: 'boolean', what: 'update: fetch the database of a platform instead' }, key: { type: 'string', multiple: true, value: 'FILE', what: 'import: a public key (PEM) that bundles may be signed with' }, ...platformOptions },
  words: [1, 1000],
  async run(parsed) {
    const [action = '', ...words] = parsed.positionals;
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) throw new Problem('invalid', `db ${action}: choose from ${Object.keys(actions).join(', ')}`, { code: 'usage' });
    return act(parsed, databasePath(parsed), words);
  },
};

