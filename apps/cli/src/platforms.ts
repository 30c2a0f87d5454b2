import { platformsOf, recogniseTarget } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { registryOptions, registryOptionsOf, targetHelp } from './index-target.ts';
import { jsonText, say } from './terminal.ts';

export const command: Command = {
  usage: 'TARGET',
  about: `Lists the platforms an image is there for, one a line: what --platform of other commands takes.\n\n${targetHelp}`,
  options: { json, ...registryOptions },
  words: [1, 1],
  async run(parsed) {
    const text = parsed.positionals[0]!, target = await recogniseTarget(text);
    if (target.kind === 'directory' || target.kind === 'file') throw new Problem('invalid', `${text} is not an image`, { code: 'target-not-an-image' });
    const platforms = await platformsOf(target, { registry: registryOptionsOf(parsed) });
    say(parsed.flag('json') ? jsonText(platforms) : platforms.join('\n'));
    return 0;
  },
};
