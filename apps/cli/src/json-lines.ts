import { readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { jsonLine, note, sayLines } from './terminal.ts';

/** A line that is no question of this tool: answered with its number and the reason, and the next one is read. */
export class NotAQuestion extends Error {
  override readonly name = 'NotAQuestion';
}

/** Bytes read at once, and UTF-16 units of the longest line. A longer one is answered with `line-too-long`; only its beginning was ever in memory. */
const chunkBytes = 256 * 1024, longestLine = 16 * 1024 * 1024;

/**
 * JSON lines in, one answer a line out, in order, as fast as they are read: a question is answered before the next chunk is waited for,
 * and a slow reader of the answers slows the reading down. Memory is a chunk and its answers. Blank lines have no answer.
 * Answers the exit code: 1 when any line was no question (`{error, line, detail}` in its place), else 0.
 */
export function answerLines(answer: (question: unknown) => object, parse: (line: string) => unknown = JSON.parse): number {
  const decoder = new StringDecoder('utf8'), chunk = Buffer.allocUnsafe(chunkBytes);
  let rest = '', line = 0, tooLong = false, code = 0, answers: string[] = [];
  if (process.stdin.isTTY) note('Reading JSON lines from this terminal; Ctrl-D ends them.');

  const wrong = (error: string, detail: string): void => {
    code = 1;
    answers.push(jsonLine({ error, line, detail }));
  };
  const take = (text: string): void => {
    line++;
    if (tooLong) { tooLong = false; wrong('line-too-long', `more than ${longestLine} characters`); return; }
    const plain = line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
    if (plain.trim() === '') return;
    let question: unknown;
    try { question = parse(plain); } catch (error) { wrong('line-malformed', `not JSON: ${(error as Error).message}`); return; }
    try {
      answers.push(jsonLine(answer(question)));
    } catch (error) {
      if (!(error instanceof NotAQuestion)) throw error;
      wrong('line-not-understood', error.message);
    }
  };
  const takeAll = (text: string): void => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      take(text.slice(from, end));
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > longestLine) { tooLong = true; rest = ''; }
  };

  for (let read = readWaiting(chunk); read > 0; read = readWaiting(chunk)) {
    takeAll(rest + decoder.write(chunk.subarray(0, read)));
    if (!sayLines(answers)) return code;
    answers = [];
  }
  rest += decoder.end();
  if (rest !== '' || tooLong) take(rest);
  sayLines(answers);
  return code;
}

/** A read of standard input that waits also where somebody set the pipe to not waiting. */
function readWaiting(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(0, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

/** What was worked out for an argument, kept for the next time it comes: versions and ranges come again and again. Forgets all when it is full. */
export function remembering<T>(work: (key: string) => T, most = 50_000): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (known.has(key)) return known.get(key)!;
    if (known.size >= most) known.clear();
    const value = work(key);
    known.set(key, value);
    return value;
  };
}
