import type { Answer, GetWhyNot } from '@plimsoll/contracts';
import { openDatabase, whyNot } from '@plimsoll/matching';
import { type Command, json } from './command.ts';
import { databaseOption, databasePath } from './database-path.ts';
import { readTarget, targetHelp, targetOptions } from './index-target.ts';
import { imageOnPlatform, onPlatformOptions } from './on-platform.ts';
import { jsonText, say } from './terminal.ts';
import { readVexOption, vexOption } from './vex-option.ts';

export const command: Command = {
  usage: 'CVE TARGET',
  about: `Says why a target has no finding for a CVE or advisory: every package that was compared, and those nobody speaks of.\n\n${targetHelp}`,
  options: { json, ...vexOption, ...databaseOption, ...targetOptions, ...onPlatformOptions },
  words: [2, 2],
  async run(parsed) {
    const [id, target] = parsed.positionals as [string, string];
    const known = await imageOnPlatform(parsed, target);
    if (known) {
      const { text, ...answer } = await known.platform.call<Answer<typeof GetWhyNot>>('GET', `${known.path}/why-not/${encodeURIComponent(id)}`);
      say(parsed.flag('json') ? jsonText(answer) : text);
      return 0;
    }
    using database = openDatabase(databasePath(parsed));
    const inventory = await readTarget(target, parsed);
    const { text, ...answer } = whyNot(id, inventory, database, { vex: await readVexOption(parsed) });
    say(parsed.flag('json') ? jsonText(answer) : text);
    return inventory.problems.length ? 1 : 0;
  },
};
