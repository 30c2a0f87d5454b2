import type { Inventory } from '@plimsoll/inventory';
import { Problem } from '@plimsoll/problem';
import { json, type Command } from './command.ts';
import { readTarget, targetHelp, targetOptions } from './index-target.ts';
import { whatItIs } from './report-table.ts';
import { jsonText, note, paint, plural, say, table, wrap } from './terminal.ts';

export const command: Command = {
  usage: 'TARGET [--format table|json|cyclonedx|spdx]',
  about: `Prints the packages inside a target. No advisories are needed.\n\n${targetHelp}`,
  options: { format: { type: 'string', short: 'f', value: 'FORMAT', what: 'table (default), json, cyclonedx (1.6) or spdx (2.3)' }, json: { ...json, what: 'short for --format json' }, ...targetOptions },
  words: [1, 1],
  async run(parsed) {
    const format = parsed.flag('json') ? 'json' : parsed.text('format') ?? 'table';
    if (!Object.hasOwn(formats, format)) throw new Problem('invalid', `--format ${format}: choose from ${Object.keys(formats).join(', ')}`, { code: 'usage' });
    const inventory = await readTarget(parsed.positionals[0]!, parsed);
    say(await formats[format]!(inventory));
    if (inventory.problems.length === 0) return 0;
    tellProblems(inventory);
    return 1;
  },
};

const formats: Readonly<Record<string, (inventory: Inventory) => string | Promise<string>>> = {
  table: asTable,
  json: jsonText,
  cyclonedx: async (inventory) => jsonText((await import('@plimsoll/inventory')).toCycloneDx(inventory, maker())),
  spdx: async (inventory) => jsonText((await import('@plimsoll/inventory')).toSpdx(inventory, maker())),
};

/** Who makes a document, and when: SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) makes two runs equal. */
function maker(): { now: Date; tool: { name: string; version: string } } {
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] || Number.NaN);
  return { now: Number.isSafeInteger(epoch) ? new Date(epoch * 1000) : new Date(), tool: { name: 'plimsoll', version: '0.1.0' } };
}

function asTable({ target, os, packages }: Inventory): string {
  return [
    paint('bold', target.reference),
    wrap(paint('dim', [...whatItIs(target.platform, os), plural(packages.length, 'package') + (target.layers.length ? ` in ${plural(target.layers.length, 'layer')}` : '')].join('; ')), ''), '',
    packages.length === 0 ? ' No packages were recognised.' : table([{ title: 'Type' }, { title: 'Package', gives: true }, { title: 'Version', gives: true }, { title: 'Where', gives: true }],
      packages.map(({ type, name, version, locations: [first, ...others] }) => [type, name, version || '(none)', `${first?.path ?? ''}${others.length ? ` +${others.length}` : ''}`])),
  ].join('\n');
}

/** A partial inventory says so where people look, and what was missed. */
export function tellProblems({ problems }: Pick<Inventory, 'problems'>): void {
  note(`\n${paint('red', `Partial: ${plural(problems.length, 'part')} could not be read, so nothing here says that the rest is all.`)}`);
  for (const { code, detail, where } of problems.slice(0, 10)) note(`${wrap(`${paint('bold', code, process.stderr)} ${where.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/, '$1')}`, '  ')}\n${wrap(detail, '    ')}`);
  if (problems.length > 10) note(`  … and ${problems.length - 10} more; --json lists all`);
}
