import type { ImageEvent, PushOperation } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { openPlatform, platformOptions, type Platform } from './platform.ts';
import { jsonText, failed, note, paint, plural, Progress, say } from './terminal.ts';
import { showImage } from './show-image.ts';

export const command: Command = {
  usage: 'TARGET [--platform OS/ARCH] [--no-wait]',
  about: 'Submits an image to the platform, which reads it from its registry, and follows it to its verdict.\nExits 2 when the verdict is deny, 1 when the image was rejected.',
  options: {
    json, ...platformOptions,
    platform: { type: 'string', value: 'OS/ARCH', what: 'which image of a multi-platform index' },
    'no-wait': { type: 'boolean', what: 'print the operation and return' },
  },
  words: [1, 1],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const submitted = await platform.call<PushOperation>('POST', '/v1/projects/{project}/images', { body: { target: parsed.positionals[0], platform: parsed.text('platform') } });
    if (parsed.flag('no-wait')) { say(parsed.flag('json') ? jsonText(submitted) : `operation ${submitted.id}; follow it at ${platform.url}${submitted.links.self}`); return 0; }
    const done = await follow(platform, submitted);
    if (parsed.flag('json')) say(jsonText(done));
    else if (done.digest && done.state !== 'rejected') await showImage(platform, done.digest);
    if (done.state === 'rejected') { failed(`the image was rejected: ${done.problem?.detail ?? 'no reason given'}${done.problem?.code ? ` (${done.problem.code})` : ''}`); return 1; }
    return done.decision === 'deny' ? 2 : 0;
  },
};

/** Shows how far a push is until it is judged or rejected. */
export async function follow(platform: Platform, { id }: PushOperation): Promise<PushOperation> {
  const progress = new Progress();
  const stop = new AbortController();
  try {
    for await (const event of platform.events<ImageEvent>(`/v1/projects/{project}/events?push=${id}`, stop.signal)) {
      if (event.type === 'image.indexing' && event.progress) progress.update(`Reading layers: ${event.progress.layers_done} of ${event.progress.layers_total}, ${(event.progress.bytes_done / 1e6).toFixed(1)} of ${(event.progress.bytes_total / 1e6).toFixed(1)} MB`);
      else { progress.done(); tell(event); }
      if (event.type === 'push.judged' || event.type === 'image.rejected') break;
    }
  } finally {
    progress.done();
    stop.abort();
  }
  return platform.call<PushOperation>('GET', `/v1/projects/{project}/operations/${id}`);
}

function tell(event: ImageEvent): void {
  const words: Partial<Record<ImageEvent['type'], string>> = {
    'image.pushed': 'accepted', 'image.indexed': `indexed: ${plural(event.packages ?? 0, 'package')}`,
    'image.matched': `matched at revision ${event.revision}: ${plural(event.summary?.total ?? 0, 'finding')}`,
    'push.judged': `verdict: ${event.decision}`, 'image.rejected': `rejected: ${event.problem?.detail}`,
  };
  const text = words[event.type];
  if (text) note(`${paint('dim', event.at.slice(11, 19), process.stderr)}  ${text}`);
}
