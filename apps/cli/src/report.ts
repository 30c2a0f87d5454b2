import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { allFindings, findImage, showImage } from './show-image.ts';
import { jsonText, failed, say } from './terminal.ts';

export const command: Command = {
  usage: 'IMAGE [--severity LIST] [--kev] [--fixable] [--epss-min P] [--as-of N]',
  about: 'Shows the findings of an image and its verdict, as of the current feed revision or an earlier one. IMAGE is a digest or part of a reference.',
  options: {
    json, ...platformOptions, severity: { type: 'string', value: 'LIST', what: 'only these severities' },
    kev: { type: 'boolean', what: 'only what is exploited, says CISA' }, fixable: { type: 'boolean', what: 'only what has a fix' },
    'epss-min': { type: 'string', value: 'P', what: 'only what is exploited within 30 days at least this likely, 0 to 1' },
    'as-of': { type: 'string', value: 'N', what: 'as of feed revision N' },
  },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const image = await findImage(platform, parsed.positionals[0]!);
    if (!image.digest) { failed(`${image.reference} was rejected: ${image.problem?.detail}`); return 1; }
    const query = { severity: parsed.text('severity'), kev: parsed.flag('kev') ? 'true' : undefined, fixable: parsed.flag('fixable') ? 'true' : undefined, epss_min: parsed.text('epss-min'), as_of: parsed.text('as-of') };
    if (parsed.flag('json')) say(jsonText(await allFindings(platform, image.digest, query)));
    else await showImage(platform, image.digest, query);
    return image.problems ? 1 : 0;
  },
};
