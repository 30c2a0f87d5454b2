import { writeSync } from 'node:fs';
import { styleText } from 'node:util';

/** What people read goes to standard output; how it goes, and what went wrong, to standard error. */
export const say = (text: string): void => writeAll(1, `${text}\n`);
export const note = (text: string): void => writeAll(2, `${text}\n`);

/** An error, and what to do next. */
export function failed(what: string, next?: string): void {
  note(`${paint('red', 'plimsoll:')} ${what}${next ? `\n${next}` : ''}`);
}

type Style = Parameters<typeof styleText>[0];

/** Colours where they show: on a terminal that wants them (https://no-color.org). */
export const paint = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string => styleText(style, text, { stream });

export const width = (): number => process.stdout.columns ?? (Number(process.env['COLUMNS']) || 100);

/** One line that is written over and over on a terminal, and not at all elsewhere. */
export class Progress {
  private last = 0;
  private shown = false;

  update(text: string): void {
    if (!process.stderr.isTTY || Date.now() - this.last < 50) return;
    this.last = Date.now();
    this.shown = true;
    process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }

  done(): void {
    if (this.shown) process.stderr.write('\r\x1b[2K');
    this.shown = false;
  }
}

/** Synchronous and whole: an exit right after loses nothing, also into a pipe that is slow. */
function writeAll(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

export interface Column { readonly title: string; /** May be cut when the terminal is too narrow. */ readonly gives?: boolean; readonly align?: 'right' }

/** Rows as a table that fits the terminal: columns that may give are cut with an ellipsis. `style` paints a cell after it was measured. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: (cell: string, column: number, row: number) => string = (cell) => cell, fit = width()): string {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const gap = 2;
  const givers = columns.flatMap(({ gives }, i) => gives ? [i] : []);
  const used = (): number => widths.reduce((sum, one) => sum + one, 0) + gap * (columns.length - 1) + 1;
  // The widest of those that may give loses a letter until the row fits; none goes below what still says something.
  while (used() > fit) {
    const widest = givers.reduce((best, i) => widths[i]! > (widths[best] ?? 0) ? i : best, -1);
    if (widest < 0 || widths[widest]! <= 12) break;
    widths[widest]!--;
  }
  const cell = (text: string, i: number): string => {
    const cut = text.length > widths[i]! ? `${text.slice(0, widths[i]! - 1)}…` : text;
    return columns[i]!.align === 'right' ? cut.padStart(widths[i]!) : cut.padEnd(widths[i]!);
  };
  const line = (cells: readonly string[]): string => cells.join(' '.repeat(gap)).trimEnd();
  return [
    paint('dim', line(columns.map(({ title }, i) => cell(title, i)))),
    ...rows.map((row, r) => line(row.map((text, i) => style(cell(text, i), i, r)))),
  ].map((text) => ` ${text}`).join('\n');
}

/** Text in lines of at most `fit` characters, each after `indent`. */
export function wrap(text: string, indent: string, fit = width()): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line && indent.length + line.length + 1 + word.length > fit) { lines.push(indent + line); line = word; } else line = line ? `${line} ${word}` : word;
    }
    lines.push(indent + line);
  }
  return lines.join('\n');
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
