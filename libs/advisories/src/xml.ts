import { basename } from 'node:path';
import { invalid, type Problem } from '@plimsoll/problem';
import { type FeedLimits, type FeedRecord, notJson } from './feed.ts';

/** What is told of a document in its order. Names come without their namespace prefix; attributes keep theirs. */
export interface XmlHandler {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  /** All character data directly before a tag, in one piece, entities resolved. Not called for white space alone. */
  text(text: string): void;
  close(name: string): void;
}

/** Elements inside each other (OVAL needs some 15), and characters of one tag or text (descriptions reach 100 KB). */
const maxDepth = 64, maxTag = 64 * 1024, maxText = 1024 * 1024;

/**
 * Reads XML 1.0 (https://www.w3.org/TR/xml/) in UTF-8 as it arrives, with no tree. A document type is passed over and
 * nothing it names is fetched; one that declares anything but external entities is refused, so entities are XML's own five. Throws Problem `feed-malformed`, `feed-truncated`, `feed-empty`, `feed-too-deep`,
 * `feed-too-large` or `feed-xml-dtd`, with the line.
 */
export async function readXml(record: FeedRecord, limits: FeedLimits, handler: XmlHandler): Promise<void> {
  for await (const _ of readXmlInSteps(record, limits, handler));
}

/** The same, with a pause after every piece of the document, so that what was found in it can be given away. */
export async function* readXmlInSteps(record: FeedRecord, limits: FeedLimits, handler: XmlHandler): AsyncGenerator<void> {
  const scanner = new XmlScanner(record.name, handler), decoder = new TextDecoder('utf-8', { fatal: true });
  let size = 0;
  const decode = (chunk?: Uint8Array) => {
    try { return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true }); } catch (error) { throw scanner.problem('feed-malformed', 'is not UTF-8', error); }
  };
  for await (const chunk of record.chunks) {
    size += chunk.length;
    if (size > limits.feedBytes) throw scanner.problem('feed-too-large', `has more than ${limits.feedBytes} bytes`);
    scanner.push(decode(chunk));
    yield;
  }
  scanner.push(decode());
  if (size === 0) throw notJson(record.name, new Uint8Array());
  scanner.end();
}

/** A record that is XML by its name, or has no kind in its name and begins like XML: archives have licences and lists beside the documents. */
export async function xmlOf(record: FeedRecord): Promise<FeedRecord | undefined> {
  const name = basename(record.name);
  if (/\.xml$/i.test(name)) return record;
  if (name.includes('.')) return undefined;
  const iterator = record.chunks[Symbol.asyncIterator](), first = await iterator.next();
  if (first.done === true || !/^\s*</.test(Buffer.from(first.value.subarray(0, 64)).toString('latin1').replace(/^\u00ef\u00bb\u00bf/, ''))) {
    await iterator.return?.();
    return undefined;
  }
  const chunks = async function* () {
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  };
  return { name: record.name, chunks: chunks() };
}

class XmlScanner {
  private rest = '';
  private gathered = '';
  private line = 1;
  private hasRoot = false;
  private readonly stack: string[] = [];
  private readonly where: string;
  private readonly handler: XmlHandler;

  constructor(where: string, handler: XmlHandler) {
    this.where = where;
    this.handler = handler;
  }

  problem(code: string, what: string, cause?: unknown): Problem { return invalid(code, `${this.where} ${what} (line ${this.line})`, cause); }

  push(more: string): void {
    const input = this.rest + more;
    let at = 0;
    for (;;) {
      const start = input.indexOf('<', at);
      if (start < 0) {
        // An entity may be cut here: the end is kept, and what is before it not looked at again.
        const near = Math.max(at, input.length - 64), entity = input.indexOf('&', near), cut = entity < 0 ? near : Math.min(near, entity);
        this.gather(input.slice(at, cut));
        this.rest = input.slice(cut);
        if (this.rest.length + this.gathered.length > maxText) throw this.problem('feed-malformed', `has a text of more than ${maxText} characters`);
        return;
      }
      const end = endOf(input, start);
      if (end < 0) {
        this.rest = input.slice(at);
        if (input.length - start > (input.startsWith('<!', start) ? maxText : maxTag)) throw this.problem('feed-malformed', `has a tag of more than ${maxTag} characters`);
        return;
      }
      this.gather(input.slice(at, start));
      this.markup(input.slice(start, end));
      at = end;
    }
  }

  end(): void {
    if (!this.hasRoot && this.stack.length === 0 && !this.rest.includes('<')) throw this.problem(this.rest.trim() === '' ? 'feed-empty' : 'feed-malformed', 'is not XML: it has no element');
    if (this.stack.length > 0 || this.rest.includes('<')) throw this.problem('feed-truncated', `ends inside <${this.stack.at(-1) ?? 'markup'}>`);
    this.gather(this.rest);
  }

  private gather(raw: string): void {
    if (raw === '') return;
    for (let at = raw.indexOf('\n'); at >= 0; at = raw.indexOf('\n', at + 1)) this.line++;
    if (this.stack.length > 0) this.gathered += this.resolve(raw);
    else if (/[^\s\ufeff]/.test(raw)) throw this.problem('feed-malformed', `is not XML: '${raw.trim().slice(0, 40)}' stands outside of any element`);
  }

  private markup(tag: string): void {
    switch (tag[1]) {
      case '?': {
        const encoding = /^<\?xml\s[^>]*encoding\s*=\s*["']([^"']+)/.exec(tag)?.[1];
        if (encoding !== undefined && !/^(utf-?8|us-ascii)$/i.test(encoding)) throw this.problem('feed-malformed', `is in ${encoding}, not UTF-8`);
        break;
      }
      case '!':
        if (tag.startsWith('<![CDATA[') && this.stack.length > 0) this.gathered += tag.slice(9, -3);
        else if (!tag.startsWith('<!--') && (this.hasRoot || !harmlessType.test(tag))) throw this.problem('feed-xml-dtd', `has a document type or declaration, which is not read: ${tag.slice(0, 60)}`);
        break;
      case '/': {
        this.flush();
        const name = tag.slice(2, -1).trimEnd(), open = this.stack.pop();
        if (name !== open) throw this.problem('feed-malformed', `closes <${open ?? ''}> with </${name.slice(0, 60)}>`);
        this.handler.close(local(name));
        break;
      }
      default: this.openTag(tag);
    }
    for (let at = tag.indexOf('\n'); at >= 0; at = tag.indexOf('\n', at + 1)) this.line++;
  }

  private openTag(tag: string): void {
    this.flush();
    const isEmpty = tag.endsWith('/>'), name = /^<([\p{L}_][\p{L}\p{N}_.:-]*)(?=[\s/>])/u.exec(tag)?.[1];
    if (name === undefined) throw this.problem('feed-malformed', `has no element name in '${tag.slice(0, 60)}'`);
    if (this.stack.length === 0 && this.hasRoot) throw this.problem('feed-malformed', `has a second document, <${name}>`);
    if (this.stack.length >= maxDepth) throw this.problem('feed-too-deep', `has elements more than ${maxDepth} deep`);
    const attributes: Record<string, string> = Object.create(null) as Record<string, string>;
    const inside = tag.slice(name.length + 1, isEmpty ? -2 : -1);
    const left = inside.replace(attribute, (_, key: string, double: string | undefined, single: string | undefined) => {
      if (key in attributes) throw this.problem('feed-malformed', `has ${key} twice in <${name}>`);
      attributes[key] = this.resolve(double ?? single ?? '');
      return '';
    });
    if (left.trim() !== '') throw this.problem('feed-malformed', `cannot be read in <${name}> at '${left.trim().slice(0, 60)}'`);
    this.hasRoot = true;
    this.handler.open(local(name), attributes);
    if (isEmpty) this.handler.close(local(name)); else this.stack.push(name);
  }

  private flush(): void {
    if (this.gathered !== '' && /\S/.test(this.gathered)) this.handler.text(this.gathered);
    this.gathered = '';
  }

  private resolve(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(/&([^;&\s]{0,32};?)/g, (whole, body: string) => {
      const name = body.slice(0, -1);
      if (body.endsWith(';') && Object.hasOwn(entities, name)) return entities[name]!;
      const code = /^#x[0-9a-fA-F]+$/.test(name) ? Number.parseInt(name.slice(2), 16) : /^#\d+$/.test(name) ? Number(name.slice(1)) : -1;
      if (!body.endsWith(';') || code <= 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.problem('feed-malformed', `has an entity that is not known, '${whole}'`);
      return String.fromCodePoint(code);
    });
  }
}

/** Gentoo names its grammar, FreeBSD the files it was put together from. */
const harmlessType = /^<!DOCTYPE\s+[\w:.-]+\s*(?:(?:SYSTEM|PUBLIC)\s[^[\]<>]*)?(?:\[(?:\s*<!ENTITY\s+[\w:.-]+\s+(?:SYSTEM|PUBLIC)\s[^<>[\]]*>)*\s*\]\s*)?>$/;
const attribute = /\s+([\p{L}_][\p{L}\p{N}_.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/gu;
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Behind the markup that begins at `start`, or -1 when that has not come yet. */
function endOf(input: string, start: number): number {
  const until = (closing: string, from: number) => { const at = input.indexOf(closing, from); return at < 0 ? -1 : at + closing.length; };
  if (input.startsWith('<!--', start)) return until('-->', start + 4);
  if (input.startsWith('<![CDATA[', start)) return until(']]>', start + 9);
  if (input.startsWith('<?', start)) return until('?>', start + 2);
  if (input.startsWith('<!', start) && input.length - start < 9) return -1;
  if (input.startsWith('<!DOCTYPE', start)) {
    const bracket = input.indexOf('[', start), end = until('>', start);
    return bracket < 0 || (end >= 0 && end < bracket) ? end : /\]\s*>/g.exec(input.slice(bracket)) === null ? -1 : until('>', input.indexOf(']', bracket));
  }
  // A `>` may stand inside an attribute's value.
  for (let at = start + 1, quote = 0; at < input.length; at++) {
    const code = input.charCodeAt(at);
    if (quote !== 0) { if (code === quote) quote = 0; } else if (code === 0x3e) return at + 1; else if (code === 0x22 || code === 0x27) quote = code;
  }
  return -1;
}
