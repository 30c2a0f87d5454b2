import { writeSync } from 'node:fs';
import { stripVTControlCharacters, styleText } from 'node:util';

/** What people read goes to standard output; how it goes, and what went wrong, to standard error. */
export const say = (text: string): void => writeAll(1, `${harmless(text)}\n`);
export const note = (text: string): void => writeAll(2, `${harmless(text)}\n`);

// Names come out of strangers' images: a control character could rewrite the screen, one that turns the direction of writing hides what is meant.
const control = /[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
/** The same without tabs and ends of lines, of which a long text has many and which steer nothing. */
const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
/** Our own colours stay. */
const harmless = (text: string): string => text.replace(steering, (letter, at: number) => (letter === '\x1b' && /^\[\d+m/.test(text.slice(at + 1, at + 5))) ? letter : '\ufffd');

/** JSON for programs, and for the terminal it may end on: what JSON would leave as it is of those characters is escaped. */
export const jsonText = (value: unknown): string => escaped(JSON.stringify(value, null, 2));

/** The same on one line. */
export const jsonLine = (value: unknown): string => escaped(JSON.stringify(value));

const escaped = (json: string): string => json.replace(steering, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * A large document in pieces: its fields one under the other, and of a list each element on a line of its own, so that it is
 * never in memory as one text and its lines can still be searched. The last piece ends the line.
 */
export function* jsonPieces(document: object): Generator<string> {
  const fields = Object.entries(document).filter(([, value]) => value !== undefined);
  let text = '{';
  for (const [place, [name, value]] of fields.entries()) {
    text += `${place === 0 ? '' : ','}\n  ${JSON.stringify(name)}: `;
    if (!Array.isArray(value) || value.length === 0) { text += JSON.stringify(value); continue; }
    for (const [index, element] of value.entries()) {
      text += `${index === 0 ? '[' : ','}\n    ${JSON.stringify(element)}`;
      if (text.length > 256 * 1024) { yield text; text = ''; }
    }
    text += '\n  ]';
  }
  yield `${text}\n}\n`;
}

/** The same as one text. */
export const jsonDocument = (document: object): string => escaped([...jsonPieces(document)].join('').trimEnd());

/** JSON in pieces. Most are plain ASCII, which needs no second look: what steers is escaped by JSON itself or longer than a byte, but for one. */
export function sayPieces(pieces: Iterable<string>): void {
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    writeAll(1, bytes.length === piece.length && !piece.includes('\x7f') ? bytes : Buffer.from(escaped(piece)));
  }
}

/** Lines of `jsonLine`, in one write; false when nobody reads them any more. */
export function sayLines(lines: readonly string[]): boolean {
  if (lines.length > 0) writeAll(1, `${lines.join('\n')}\n`);
  return !closed.has(1);
}

/** An error, and what to do next. */
export function failed(what: string, next?: string): void {
  note(wrap(`${paint('red', 'plimsoll:', process.stderr)} ${what}${next ? `\n${next}` : ''}`, '', process.stderr.columns || Infinity));
}

type Style = Parameters<typeof styleText>[0];

/** Colours where they show: on a terminal that wants them (https://no-color.org). */
export const paint = (style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string => styleText(style, text, { stream });

/** Columns of the terminal, or undefined where nothing has to fit: a pipe or a file gets the names whole. A terminal nobody gave a size says 0. */
export const width = (): number | undefined => process.stdout.columns || Number(process.env['COLUMNS']) || undefined;

/** One line that is written over and over on a terminal, and not at all elsewhere. */
export class Progress {
  private last = 0;
  private shown = false;

  update(text: string): void {
    if (!process.stderr.isTTY || Date.now() - this.last < 50) return;
    this.last = Date.now();
    this.shown = true;
    process.stderr.write(`\r\x1b[2K${text.replace(control, '\ufffd').slice(0, (process.stderr.columns || 80) - 1)}`);
  }

  done(): void {
    if (this.shown) process.stderr.write('\r\x1b[2K');
    this.shown = false;
  }
}

const closed = new Set<number>();

/** Synchronous and whole: an exit right after loses nothing, also into a pipe that is slow. One whose reader left (`| head`) is written to no more; the exit code stays what it would have been. */
function writeAll(fd: number, text: string | Buffer): void {
  let bytes = closed.has(fd) ? Buffer.alloc(0) : typeof text === 'string' ? Buffer.from(text) : text;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') { closed.add(fd); return; }
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

export interface Column {
  readonly title: string;
  /** May be cut when the terminal is too narrow. */
  readonly gives?: boolean;
  /** Is left out when the terminal is too narrow. */
  readonly spare?: boolean;
  readonly align?: 'right';
}

/** Rows as a table that fits the terminal. `style` paints a cell after it was measured. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], style: (cell: string, column: number, row: number) => string = (cell) => cell, fit = width()): string {
  const cells = rows.map((row) => row.map((text) => text.replace(control, '\ufffd')));
  const widths = fitted(columns, columns.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => row[i]!.length))), fit ?? Infinity);
  const cell = (text: string, i: number): string => {
    const cut = shorten(text, widths[i]!);
    return columns[i]!.align === 'right' ? cut.padStart(widths[i]!) : cut.padEnd(widths[i]!);
  };
  const shown = columns.flatMap((_column, i) => widths[i]! > 0 ? [i] : []);
  const last = shown.at(-1)!;
  const line = (row: readonly string[], painted: (text: string, i: number) => string): string =>
    ` ${shown.map((i) => painted(i === last ? cell(row[i]!, i).trimEnd() : cell(row[i]!, i), i)).join('  ')}`.trimEnd();
  return [paint('dim', line(columns.map(({ title }) => title), (text) => text)), ...cells.map((row, r) => line(row, (text, i) => style(text, i, r)))].join('\n');
}

/** Cut to a width, but for how many more there are: `libgssapi… +3`. */
function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const more = / \+\d+$/.exec(text)?.[0] ?? '';
  return more.length + 2 > most ? `${text.slice(0, most - 1)}…` : `${text.slice(0, most - more.length - 1)}…${more}`;
}

/** Widths that fit: first those that may give do, down to 12; then spare columns go; then those that may give go down to 6; then everything gives. 0 is a column left out. */
function fitted(columns: readonly Column[], natural: readonly number[], fit: number): number[] {
  const widths = [...natural];
  const over = (): number => widths.reduce((sum, one) => sum + one + (one > 0 ? 2 : 0), -1) - fit;
  const give = (from: readonly number[], least: number): void => {
    while (over() > 0) {
      const widest = from.reduce((best, i) => widths[i]! > (widths[best] ?? 0) ? i : best, -1);
      if (widest < 0 || widths[widest]! <= least) return;
      widths[widest]!--;
    }
  };
  const givers = columns.flatMap(({ gives }, i) => gives ? [i] : []);
  give(givers, 12);
  if (over() > 0) columns.forEach(({ spare }, i) => { widths[i] = spare ? 0 : natural[i]!; });
  give(givers, 6);
  give(columns.map((_column, i) => i).filter((i) => widths[i]! > 0), 1);
  return widths;
}

/** Text in lines of at most `fit` characters, each after `indent`. */
export function wrap(text: string, indent: string, fit = width() ?? 100): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line ? `${line} ${word}` : word;
      if (line && indent.length + stripVTControlCharacters(longer).length > fit) { lines.push(indent + line); line = word; } else line = longer;
    }
    lines.push(indent + line);
  }
  return lines.join('\n');
}

/** `12345` as `12,345`. Without Intl: its first use costs a tenth of a short command. */
export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

export const plural = (count: number, one: string, many = `${one}s`): string => `${thousands(count)} ${count === 1 ? one : many}`;

/** `2026-08-21T03:04:05Z` as `2026-08-21 03:04`. */
export const minute = (time: string): string => time.slice(0, 16).replace('T', ' ');
