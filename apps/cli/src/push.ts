import type { PushOperation } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { followPush } from './follow-push.ts';
import { openPlatform, platformOptions, type Platform } from './platform.ts';
import { jsonText, failed, note, say } from './terminal.ts';
import { showImage } from './show-image.ts';

export const command: Command = {
  usage: 'TARGET [--platform OS/ARCH] [--priority push|scheduled|admission] [--detach]',
  about: 'Submits an image to the platform, which reads it from its registry, and follows it to its verdict.\nExits 2 when the verdict is deny, 1 when the image was rejected or the scan cancelled. Ctrl-C leaves the scan to itself, a second one cancels it.',
  options: {
    json, ...platformOptions,
    platform: { type: 'string', value: 'OS/ARCH', what: 'which image of a multi-platform index; `all`: each of them' },
    priority: { type: 'string', value: 'PRIORITY', what: 'admission: somebody waits to start it; scheduled: it has time (default push)' },
    detach: { type: 'boolean', short: 'd', what: 'print the operation and return; `plimsoll scans` shows it' },
  },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const target = parsed.positionals[0]!, platforms = parsed.text('platform') === 'all' ? await platformsThere(platform, target) : [parsed.text('platform')];
    const submitted: PushOperation[] = [];
    for (const one of platforms) submitted.push(await platform.call<PushOperation>('POST', '/v1/projects/{project}/images', { body: { target, platform: one, priority: parsed.text('priority') } }));
    const asJson = parsed.flag('json');
    if (parsed.flag('detach')) { say(asJson ? jsonText(submitted.length === 1 ? submitted[0] : submitted) : submitted.map(({ id }) => `${id}\nfollow it with \`plimsoll scans follow ${id.slice(0, 8)}\``).join('\n')); return 0; }
    let worst = 0;
    for (const push of submitted) {
      const code = await followToEnd(platform, push, asJson);
      if (code === 130) return code;
      worst = worst === 1 || code === 1 ? 1 : Math.max(worst, code);
    }
    return worst;
  },
};

const platformsThere = async (platform: Platform, target: string): Promise<readonly string[]> =>
  (await platform.call<{ platforms: string[] }>('GET', '/v1/projects/{project}/platforms', { query: { target } })).platforms;

/** Follows a push and shows what came of it; answers the exit code. */
export async function followToEnd(platform: Platform, push: Pick<PushOperation, 'id'>, asJson: boolean): Promise<number> {
  const { operation, left } = await followPush(platform, push);
  if (asJson) say(jsonText(operation));
  else if (!left && operation.digest && operation.state === 'judged') await showImage(platform, operation.digest);
  if (left) { note(`the scan goes on: \`plimsoll scans follow ${operation.id}\``); return 130; }
  switch (operation.state) {
    case 'rejected': failed(`the image was rejected: ${operation.problem?.detail ?? 'no reason given'}${operation.problem?.code ? ` (${operation.problem.code})` : ''}`); return 1;
    case 'cancelled': failed(`the scan was cancelled: ${operation.why ?? 'no reason given'}`); return 1;
    default: return operation.decision === 'deny' ? 2 : 0;
  }
}
