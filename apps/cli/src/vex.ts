import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Page, VexDocument } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, minute, plural, say, table } from './terminal.ts';

export const command: Command = {
  usage: '[add FILE | remove ID]',
  about: `Lists the VEX documents of a project, adds one (OpenVEX, CycloneDX, CSAF) or removes one. What suppliers take back is shown in
findings and not counted; the images of the project are judged again.`,
  options: { json, ...platformOptions },
  words: [0, 2],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const [action, what] = parsed.positionals;
    const path = '/v1/projects/{project}/vex';
    if (action === 'add' && what) {
      const added = await platform.call<VexDocument>('POST', path, { body: { name: basename(what), document: read(what) } });
      say(parsed.flag('json') ? jsonText(added) : `${added.name}: ${plural(added.statements, 'statement')} of ${added.format}; \`plimsoll vex remove ${added.id}\` takes it back`);
    } else if (action === 'remove' && what) {
      const removed = await platform.call<VexDocument>('DELETE', `${path}/${encodeURIComponent(what)}`);
      say(parsed.flag('json') ? jsonText(removed) : `${removed.name} is removed; what it took back counts again`);
    } else if (action === undefined) {
      const page = await platform.call<Page<VexDocument>>('GET', path, { query: { limit: 500 } });
      if (parsed.flag('json')) say(jsonText(page));
      else say(page.items.length === 0 ? 'No VEX documents. `plimsoll vex add FILE` adds one.' : table([{ title: 'Name', gives: true }, { title: 'Format' }, { title: 'Statements', align: 'right' }, { title: 'Added' }, { title: 'By', gives: true }, { title: 'Id' }],
        page.items.map(({ name, format, statements, added_at, added_by, id }) => [name, format, String(statements), minute(added_at), added_by, id])));
    } else throw new Problem('invalid', `usage: plimsoll vex ${command.usage}`, { code: 'usage' });
    return 0;
  },
};

function read(file: string): string {
  try { return readFileSync(file, 'utf8'); } catch (cause) { throw new Problem('missing', `${file} cannot be read: ${(cause as Error).message}`, { code: 'file-missing', cause }); }
}
