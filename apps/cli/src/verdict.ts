import type { Answer, GetVerdict } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { verdictLines } from './report-table.ts';
import { findImage } from './show-image.ts';
import { jsonText, failed, minute, paint, say } from './terminal.ts';

export const command: Command = {
  usage: 'IMAGE',
  about: 'Shows whether an image may sail, and why. Exits 2 when it may not. IMAGE is a digest or part of a reference.',
  options: { json, ...platformOptions },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const image = await findImage(platform, parsed.positionals[0]!);
    if (!image.digest) { failed(`${image.reference} was rejected: ${image.problem?.detail}`); return 2; }
    const verdict = await platform.call<Answer<typeof GetVerdict>>('GET', `/v1/projects/{project}/images/${image.digest}/verdict`);
    say(parsed.flag('json') ? jsonText(verdict) : [
      `${paint('bold', image.reference)}  ${paint('dim', image.digest)}`, ...verdictLines(verdict),
      paint('dim', `   decided ${minute(verdict.decided_at)}${verdict.revision === undefined ? '' : ` at feed revision ${verdict.revision}`}${verdict.trace_id ? `; trace ${verdict.trace_id}` : ''}`),
    ].join('\n'));
    return verdict.decision === 'deny' ? 2 : 0;
  },
};
