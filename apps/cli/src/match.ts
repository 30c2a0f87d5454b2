import { readFileSync, statSync } from 'node:fs';
import { Inventory } from '@plimsoll/inventory';
import { openDatabase } from '@plimsoll/matching';
import { type Command, json, type Parsed } from './command.ts';
import { databaseOption, databasePath } from './database-path.ts';
import { readTarget, targetHelp, targetOptions } from './index-target.ts';
import { matchReport } from './match-report.ts';
import { jsonPieces, say, sayPieces } from './terminal.ts';
import { readVexOption, vexOptions } from './vex-option.ts';

export const command: Command = {
  usage: 'SBOM|INVENTORY [--all] [--json]',
  about: `Matches a list of packages against the advisory database of this machine. The list is an SBOM (CycloneDX or SPDX JSON) or what \`plimsoll inventory --json\` printed; any other target of \`scan\` is read first.
--json prints one document, that of \`scan --json\` (docs/schemas/scan-report.schema.json) without a verdict: no policy is asked. With --all its findings are every decision, also "fixed" and "not affected", each with its proof.\n\n${targetHelp}`,
  options: { json, all: { type: 'boolean', what: 'every decision, not only what is affected or cannot be told' }, ...vexOptions, ...databaseOption, ...targetOptions },
  words: [1, 1],
  async run(parsed) {
    using database = openDatabase(databasePath(parsed));
    const vex = await readVexOption(parsed);
    const inventory = await readList(parsed.positionals[0]!, parsed);
    const report = matchReport(inventory, database, { vex, all: parsed.flag('all') });
    if (parsed.flag('json')) sayPieces(jsonPieces(report));
    else say((await import('./report-table.ts')).reportTable(report, { showSuppressed: parsed.flag('show-suppressed') }));
    if (!report.partial) return 0;
    (await import('./inventory.ts')).tellProblems(report);
    return 1;
  },
};

/** Bytes of an inventory in JSON; the largest met, of 60,000 packages, has 40 MB. */
const mostBytes = 512 * 1024 * 1024;

/** The inventory a file holds as JSON, or the inventory of the target. */
export async function readList(path: string, parsed: Parsed): Promise<Inventory> {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts?.isFile() && facts.size < mostBytes && /\.json$/i.test(path)) {
    const bytes = readFileSync(path);
    // An SBOM says what it is; an inventory has a target and packages.
    if (/^\s*\{\s*"(?:version|target)"\s*:/.test(bytes.toString('latin1', 0, 256))) {
      const found = Inventory.safeParse(JSON.parse(bytes.toString('utf8')));
      if (found.success) return found.data;
    }
  }
  return readTarget(path, parsed);
}
