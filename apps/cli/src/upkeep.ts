import type { Upkeep } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, plural, say } from './terminal.ts';

export const command: Command = {
  usage: '[--keep-last N] [--keep-days DAYS] [--rescan-days DAYS]',
  about: 'Shows what a project keeps of its images, or changes it; `none` ends a rule. An image stays while either keep rule keeps it, and while an admission asked for it in the last 30 days.',
  options: {
    json, ...platformOptions,
    'keep-last': { type: 'string', value: 'N', what: 'images of each repository that stay' },
    'keep-days': { type: 'string', value: 'DAYS', what: 'days after its last push that an image stays' },
    'rescan-days': { type: 'string', value: 'DAYS', what: 'days after which a tag is looked up again' },
  },
  words: [0, 0],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const path = '/v1/projects/{project}/upkeep';
    const rules = { keep_last: parsed.text('keep-last'), keep_days: parsed.text('keep-days'), rescan_days: parsed.text('rescan-days') };
    let upkeep = await platform.call<Upkeep>('GET', path);
    if (Object.values(rules).some((rule) => rule !== undefined)) {
      const changed = Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, rule === undefined ? upkeep[name as keyof Upkeep] : number(name, rule)]));
      upkeep = await platform.call<Upkeep>('PUT', path, { body: changed });
    }
    say(parsed.flag('json') ? jsonText(upkeep) : shown(upkeep));
    return 0;
  },
};

const number = (name: string, rule: string): number | undefined => {
  if (rule === 'none') return undefined;
  if (!/^\d+(\.\d+)?$/.test(rule)) throw new Problem('invalid', `--${name.replace('_', '-')} is a number or \`none\``, { code: 'usage' });
  return Number(rule);
};

const shown = ({ keep_last, keep_days, rescan_days }: Upkeep): string => [
  keep_last === undefined && keep_days === undefined ? 'Every image stays.'
    : `An image stays ${[...keep_last === undefined ? [] : [`while it is among the last ${keep_last} of its repository`], ...keep_days === undefined ? [] : [`for ${plural(keep_days, 'day')} after its last push`]].join(', or ')}.`,
  rescan_days === undefined ? 'Tags are looked up when they are pushed.' : `Tags are looked up again after ${plural(rescan_days, 'day')}.`,
].join('\n');
