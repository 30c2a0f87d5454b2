import type { Answer, ExplainFinding } from '@plimsoll/contracts';
import { explain, match, openDatabase } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { databaseOption, databasePath } from './database-path.ts';
import { readTarget, targetHelp, targetOptions } from './index-target.ts';
import { imageOnPlatform, onPlatformOptions } from './on-platform.ts';
import { jsonText, say } from './terminal.ts';
import { readVexOption, vexOption } from './vex-option.ts';

export const command: Command = {
  usage: 'FINDING TARGET',
  about: `Shows the proof of a finding, step by step: file, layer, package, advisory, range.\n\n${targetHelp}`,
  options: { json, ...vexOption, ...databaseOption, ...targetOptions, ...onPlatformOptions },
  words: [2, 2],
  async run(parsed) {
    const [id, target] = parsed.positionals as [string, string];
    const known = await imageOnPlatform(parsed, target);
    if (known) {
      const { text, ...answer } = await known.platform.call<Answer<typeof ExplainFinding>>('GET', `${known.path}/findings/${encodeURIComponent(id)}/explain`);
      say(parsed.flag('json') ? jsonText(answer.findings) : text);
      return 0;
    }
    using database = openDatabase(databasePath(parsed));
    const inventory = await readTarget(target, parsed);
    const found = match(inventory, database, { vex: await readVexOption(parsed) }).findings.filter((finding) => [finding.id, ...finding.aliases, ...finding.advisories ?? [finding.advisory]].some((name) => name.toUpperCase() === id.toUpperCase()));
    if (found.length === 0) throw new Problem('missing', `${target} has no finding ${id}; \`plimsoll why-not ${id} ${target}\` says why`, { code: 'finding-missing' });
    say(parsed.flag('json') ? jsonText(found) : found.map(explain).join('\n\n'));
    return 0;
  },
};
