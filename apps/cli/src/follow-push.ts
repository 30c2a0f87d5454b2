import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageEvent, Progress as Reading, PushOperation } from '@plimsoll/contracts';
import type { Platform } from './platform.ts';
import { note, paint, plural, Progress } from './terminal.ts';

const ends: ReadonlySet<ImageEvent['type']> = new Set(['push.judged', 'image.rejected', 'scan.cancelled']);

/** How long after Ctrl-C a second one cancels the scan. */
const secondThoughtMs = 4_000;

/** Shows how far a push is until it ends. Ctrl-C leaves it to itself, a second one cancels it. Answers the operation as it then is; `left` when it goes on. */
export async function followPush(platform: Platform, { id }: Pick<PushOperation, 'id'>): Promise<{ readonly operation: PushOperation; readonly left: boolean }> {
  const progress = new Progress(), speed = new Speed(), stop = new AbortController();
  const forget = onInterrupt(platform, id, stop, progress);
  const place = showPlace(platform, id, progress, stop.signal);
  try {
    for await (const event of platform.events<ImageEvent>(`/v1/projects/{project}/events?push=${id}`, stop.signal)) {
      if (event.type === 'image.indexing' && event.progress) progress.update(readingText(event.progress, speed.of(event.progress.bytes_done)));
      else { progress.done(); tell(event); }
      if (ends.has(event.type)) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    forget();
    stop.abort();
    await place;
    progress.done();
  }
  const operation = await platform.call<PushOperation>('GET', operationPath(id));
  return { operation, left: !operation.done };
}

export const operationPath = (id: string): string => `/v1/projects/{project}/operations/${encodeURIComponent(id)}`;

/** The first Ctrl-C asks; without a second one following ends, and the scan goes on. */
function onInterrupt(platform: Platform, id: string, stop: AbortController, progress: Progress): () => void {
  let asked = false, timer: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    progress.done();
    if (asked) {
      clearTimeout(timer);
      note('Cancelling …');
      platform.call('POST', `${operationPath(id)}/cancel`).catch((error: Error) => { note(error.message); stop.abort(); });
      return;
    }
    asked = true;
    note(process.stderr.isTTY ? 'Ctrl-C again cancels the scan.' : `The scan goes on: plimsoll scans follow ${id}`);
    timer = setTimeout(() => stop.abort(), process.stderr.isTTY ? secondThoughtMs : 0);
  };
  process.on('SIGINT', interrupt);
  return () => { clearTimeout(timer); process.off('SIGINT', interrupt); };
}

/** While nobody reads the image yet: where it is in the queue. */
async function showPlace(platform: Platform, id: string, progress: Progress, signal: AbortSignal): Promise<void> {
  while (process.stderr.isTTY && !signal.aborted) {
    const operation = await platform.call<PushOperation>('GET', operationPath(id)).catch(() => undefined);
    if (operation?.scan?.state === 'queued' && !signal.aborted) progress.update(placeText(operation.scan));
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}

/** `waits: 12 scans go before it`. */
export function placeText({ ahead = 0, waits_for, attempt, problem }: NonNullable<PushOperation['scan']>): string {
  if (waits_for === 'layer') return 'waits for a layer that another scan is reading';
  if (waits_for === 'retry') return `waits for its registry${attempt ? `; tried ${plural(attempt, 'time')}` : ''}${problem ? `: ${problem}` : ''}`;
  return ahead === 0 ? 'waits; it is next' : `waits; ${plural(ahead, 'scan goes', 'scans go')} before it${ahead >= 1_000 ? ', or more' : ''}`;
}

/** `reading layers: 3 of 7, 45.2 of 120.4 MB, 12 MB/s`. */
export function readingText({ layers_done, layers_total, bytes_done, bytes_total }: Reading, bytesPerSecond?: number): string {
  const fast = bytesPerSecond === undefined ? '' : `, ${megabytes(bytesPerSecond)} MB/s`;
  const left = bytesPerSecond && bytes_total - bytes_done > bytesPerSecond * 3 ? `, ${Math.round((bytes_total - bytes_done) / bytesPerSecond)} s left` : '';
  return `reading layers: ${layers_done} of ${layers_total}, ${megabytes(bytes_done)} of ${megabytes(bytes_total)} MB${fast}${left}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);

/** Bytes a second over the last few seconds; undefined until there is something to tell. */
export class Speed {
  private readonly seen: { at: number; bytes: number }[] = [];

  of(bytes: number, at = performance.now()): number | undefined {
    this.seen.push({ at, bytes });
    while (this.seen.length > 2 && at - this.seen[0]!.at > 3_000) this.seen.shift();
    const first = this.seen[0]!;
    return at - first.at < 300 || bytes <= first.bytes ? undefined : (bytes - first.bytes) / ((at - first.at) / 1000);
  }
}

function tell(event: ImageEvent): void {
  const words: Partial<Record<ImageEvent['type'], string>> = {
    'image.pushed': 'accepted', 'image.indexed': `indexed: ${plural(event.packages ?? 0, 'package')}`,
    'image.matched': `matched at revision ${event.revision}: ${plural(event.summary?.total ?? 0, 'finding')}`,
    'push.judged': `verdict: ${event.decision}`, 'image.rejected': `rejected: ${event.problem?.detail}`, 'scan.cancelled': `cancelled: ${event.why}`,
  };
  const text = words[event.type];
  if (text) note(`${paint('dim', event.at.slice(11, 19), process.stderr)}  ${text}`);
}
