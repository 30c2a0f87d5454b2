import { afterAll, describe, expect, it } from 'vitest';
import { LayerThreads } from './layer-threads.ts';

process.env['PLIMSOLL_SCANNER_WORKERS'] = '2';
const threads = new LayerThreads();
afterAll(() => threads.onApplicationShutdown());

const started: string[] = [];
const work = (name: string, { urgent = false, signal }: { urgent?: boolean; signal?: AbortSignal } = {}): { end: () => void; done: Promise<string> } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { end: resolve, done: threads.turn(async () => { started.push(name); await promise; return name; }, { urgent, signal }) };
};
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns at the threads', () => {
  it('are as many as threads, one more for what is urgent, in order; who no longer wants one leaves', async () => {
    const gone = new AbortController();
    const a = work('a'), b = work('b'), c = work('c'), d = work('d', { signal: gone.signal }), e = work('e');
    await settle();
    expect(started).toEqual(['a', 'b']);
    const urgent = work('urgent', { urgent: true }), next = work('urgent too', { urgent: true });
    await settle();
    expect(started).toEqual(['a', 'b', 'urgent']);
    gone.abort(new Error('cancelled'));
    await expect(d.done).rejects.toThrow('cancelled');
    a.end();
    await a.done;
    await settle();
    expect(started.slice(3)).toEqual(['urgent too']);
    for (const one of [b, urgent, next]) one.end();
    await Promise.all([b.done, urgent.done, next.done]);
    await settle();
    expect(started.slice(4)).toEqual(['c', 'e']);
    for (const one of [c, e]) one.end();
    expect(await Promise.all([c.done, e.done])).toEqual(['c', 'e']);
    await expect(threads.turn(async () => 'never', { urgent: false, signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });
});
