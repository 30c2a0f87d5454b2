import type { Page, PushOperation } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { operationPath, placeText, readingText } from './follow-push.ts';
import { openPlatform, platformOptions, type Platform } from './platform.ts';
import { followToEnd } from './push.ts';
import { jsonText, minute, paint, plural, say, table, wrap } from './terminal.ts';

export const command: Command = {
  usage: '[list [--all] | show ID | follow ID | cancel ID…]',
  about: 'The scans a platform has to do and does: where each is, and what became of it. `list` shows those that have not ended. The beginning of an ID is enough.',
  options: { json, ...platformOptions, all: { type: 'boolean', short: 'a', what: 'list: also those that ended' }, limit: { type: 'string', value: 'N', what: 'list: at most so many (default 50)' } },
  words: [0, 100],
  async run(parsed) {
    const platform = await openPlatform(parsed), asJson = parsed.flag('json');
    const [action = 'list', ...ids] = parsed.positionals;
    const one = async (): Promise<string> => {
      if (ids.length === 1) return completeId(platform, ids[0]!);
      throw new Problem('invalid', `scans ${action} needs one ID; \`plimsoll scans\` lists them`, { code: 'usage' });
    };
    switch (action) {
      case 'list': {
        const page = await platform.call<Page<PushOperation>>('GET', '/v1/projects/{project}/operations', { query: { limit: parsed.text('limit'), open: parsed.flag('all') ? undefined : 'true' } });
        say(asJson ? jsonText(page) : asTable(page, parsed.flag('all')));
        return 0;
      }
      case 'show': {
        const operation = await platform.call<PushOperation>('GET', operationPath(await one()));
        say(asJson ? jsonText(operation) : shown(operation));
        return 0;
      }
      case 'follow': return followToEnd(platform, { id: await one() }, asJson);
      case 'cancel': {
        if (ids.length === 0) await one();
        const complete: string[] = [];
        for (const id of ids) complete.push(await completeId(platform, id));   // all, before any is cancelled
        const cancelled: PushOperation[] = [];
        for (const id of complete) cancelled.push(await platform.call<PushOperation>('POST', `${operationPath(id)}/cancel`));
        say(asJson ? jsonText(cancelled) : cancelled.map(({ id, target }) => `cancelled ${id}  ${target}`).join('\n'));
        return 0;
      }
      default: throw new Problem('invalid', `scans ${action}: choose from list, show, follow, cancel`, { code: 'usage' });
    }
  },
};

/** The whole ID of a scan that was named by its beginning, among the last 500. */
async function completeId(platform: Platform, start: string): Promise<string> {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(start)) return start;
  const { items } = await platform.call<Page<PushOperation>>('GET', '/v1/projects/{project}/operations', { query: { limit: 500 } });
  const found = items.filter(({ id }) => id.startsWith(start.toLowerCase()));
  if (found.length === 1) return found[0]!.id;
  throw new Problem(found.length ? 'invalid' : 'missing', found.length ? `${start} is the beginning of ${plural(found.length, 'scan')}; give more of it` : `no scan begins with ${start}; \`plimsoll scans list --all\` lists them`, { code: found.length ? 'scan-ambiguous' : 'operation-missing' });
}

function asTable({ items, total, next_page_token }: Page<PushOperation>, all: boolean): string {
  if (items.length === 0) return all ? 'Nothing was pushed yet. Submit an image with `plimsoll push REFERENCE`.' : 'Nothing waits and nothing is being read. `plimsoll scans list --all` shows what ended.';
  return [
    table([{ title: 'Scan' }, { title: 'Image', gives: true }, { title: 'Priority', spare: true }, { title: 'Age', align: 'right' }, { title: 'State', gives: true }],
      items.map((operation) => [operation.id.slice(0, 8), operation.target, operation.priority, ageOf(operation.created_at), stateText(operation)]),
      (cell, column, row) => column === 4 ? paint(colour(items[row]!), cell) : cell),
    ...(next_page_token ? [paint('dim', ` … of ${plural(total.count, 'scan')}${total.relation === 'AT_LEAST' ? ' and more' : ''}; raise --limit`)] : []),
  ].join('\n');
}

/** `40 s`, `12 min`, `5 h`, `3 d`. */
export function ageOf(time: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(time)) / 1000);
  return seconds < 100 ? `${Math.floor(seconds)} s` : seconds < 6_000 ? `${Math.floor(seconds / 60)} min` : seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const stateText = ({ state, scan, progress, decision, problem, why }: PushOperation): string => {
  switch (state) {
    case 'pushed': return scan ? placeText(scan) : 'waits';
    case 'indexing': return progress ? readingText(progress) : 'is being read';
    case 'judged': return decision ?? state;
    case 'rejected': return `rejected: ${problem?.detail ?? ''}`;
    case 'cancelled': return `cancelled: ${why ?? ''}`;
    default: return state;
  }
};

const colour = ({ state, decision }: PushOperation): 'red' | 'yellow' | 'green' | 'dim' =>
  state === 'rejected' || decision === 'deny' ? 'red' : decision === 'warn' ? 'yellow' : decision === 'allow' ? 'green' : 'dim';

const shown = (operation: PushOperation): string => [
  paint('bold', operation.target), ...(operation.digest ? [paint('dim', operation.digest)] : []), '',
  ...([
    ['State', stateText(operation)], ['Priority', operation.priority], ['Platform', operation.platform],
    ['Pushed', minute(operation.created_at)], ['Started', operation.scan?.started_at && minute(operation.scan.started_at)], ['Tries', operation.scan && operation.scan.attempt > 1 ? String(operation.scan.attempt) : undefined],
    ['Told', operation.notifications ? plural(operation.notifications, 'notification') : undefined], ['Trace', operation.trace_id],
  ] as const).flatMap(([name, value]) => value ? [wrap(`${name.padEnd(10)}${value}`, ' ')] : []),
].join('\n');
