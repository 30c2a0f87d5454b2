import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { allFindings, findImage, showImage } from './show-image.ts';
import { jsonText, failed, say } from './terminal.ts';

export const command: Command = {
  usage: 'IMAGE [--severity LIST]',
  about: 'Shows the findings of an image and its verdict, as of the current feed revision. IMAGE is a digest or part of a reference.',
  options: { json, ...platformOptions, severity: { type: 'string', value: 'LIST', what: 'only these severities' } },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const image = await findImage(platform, parsed.positionals[0]!);
    if (!image.digest) { failed(`${image.reference} was rejected: ${image.problem?.detail}`); return 1; }
    const query = { severity: parsed.text('severity') };
    if (parsed.flag('json')) say(jsonText(await allFindings(platform, image.digest, query)));
    else await showImage(platform, image.digest, query);
    return image.problems ? 1 : 0;
  },
};
