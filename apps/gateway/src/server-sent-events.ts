import { once } from 'node:events';
import type { ImageEvent } from '@plimsoll/contracts';
import type { FastifyReply } from 'fastify';

/**
 * Writes events as a text/event-stream (WHATWG HTML, 9.2) until they end or the reader goes; a comment now and then keeps
 * proxies from closing the line. Waits for a slow reader instead of holding what he has not read.
 */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<ImageEvent>, { heartbeatSeconds, signal }: { heartbeatSeconds: number; signal: AbortSignal }): Promise<void> {
  const { raw } = reply.hijack();
  raw.writeHead(200, { ...reply.getHeaders() as Record<string, string>, 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  raw.write('retry: 2000\n\n');
  const heartbeat = setInterval(() => raw.write(': still here\n\n'), heartbeatSeconds * 1000);
  try {
    for await (const event of events) {
      const text = `${event.id === undefined ? '' : `id: ${event.id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      if (!raw.write(text)) await once(raw, 'drain', { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(heartbeat);
    if (!raw.destroyed) await new Promise<void>((resolve) => { raw.once('close', resolve).end(resolve); });
  }
}
