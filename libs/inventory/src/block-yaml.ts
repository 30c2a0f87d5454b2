import { invalid } from '@plimsoll/problem';

/** What a document of unknown origin may cost. */
const maxLines = 4_000_000, maxDepth = 100;

/**
 * Reads the YAML that tools write, and people in small files (https://yaml.org/spec/1.2.2/): mappings and lists by indentation, `{…}` and `[…]` on one
 * line, quoted and plain texts, comments, several documents. In one pass whose time grows with the text alone: the whole parsers there are take minutes or all
 * memory for a made-up file of 600 KB, and a minute for a lock file of megabytes. All scalars are text as written (`1.10` is a version, no number);
 * of literal and folded blocks nothing is kept, and a break inside a text becomes a space. Problem `code` with the line for anything else, such as anchors and tags: never a guess.
 */
export function readBlockYaml(text: string, code: string): unknown[] {
  const documents: unknown[] = [];
  let open: Level[] = [], root: unknown, literal = -1, number = 0, isLongKey = false;
  /** Takes the value that the last key or dash is waiting for. */
  let waiting: ((value: unknown) => void) | undefined;
  /** Takes further lines of a text that began on the line above, or in quotes. */
  let going: { readonly indent: number; text: string; readonly quote: string; readonly take: (value: string) => void } | undefined;
  const fail = (): never => { throw invalid(code, `line ${number} is YAML of a kind that is not read here`); };
  const begin = (): void => { root = undefined; open = []; going = undefined; waiting = (value) => { root = value; }; };
  const finish = (): void => { if (going?.quote || isLongKey) fail(); if (root !== undefined) documents.push(root); begin(); };
  /** Gives a scalar or a collection on one line to whom it belongs; remembers where the text goes on. */
  const give = (value: string, indent: number, take: (value: unknown) => void): void => {
    waiting = undefined;
    if (/^[|>][-+\d]{0,2}(?: +#.*)?$/.test(value)) { literal = indent; take(''); return; }
    const quote = value[0] === '"' || value[0] === "'" ? value[0] : '';
    if (quote && closing(value, 1, quote) < 0) { going = { indent: -1, text: value, quote, take }; return; }
    const read = inline(value, fail);
    take(read);
    if (typeof read === 'string' && !quote) going = { indent, text: read, quote, take };
  };

  begin();
  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (++number > maxLines) fail();
    let indent = indentOf(line);
    if (literal >= 0) {
      if (indent > literal || indent === line.length) continue;
      literal = -1;
    }
    if (going?.quote) {
      going.text += ` ${line.trim()}`;
      if (closing(line, 0, going.quote) >= 0) { going.take(inline(going.text, fail) as string); going = undefined; }
      continue;
    }
    if (indent === line.length || line[indent] === '#') continue;
    if (line === '---' || line === '...') { finish(); continue; }
    if (line[indent] === '\t' || (line[0] === '%' && open.length === 0) || line.startsWith('--- ')) fail();
    let rest = line.slice(indent).trimEnd();

    const isDash = isItem(rest);
    while (open.length && (open.at(-1)!.indent > indent || (open.at(-1)!.indent === indent && open.at(-1)!.list !== undefined && !isDash))) { open.pop(); waiting = undefined; }
    // Each dash opens an item; what follows it on the line stands two columns further in.
    for (; isItem(rest); ) {
      let level = open.at(-1);
      if (!level?.list || level.indent !== indent) {
        if (!waiting || (level && level.indent > indent) || open.length > maxDepth) return fail();
        const list: unknown[] = [];
        waiting(list);
        open.push(level = { indent, list });
      }
      const { list } = level, at = list!.push('') - 1, width = rest.length === 1 ? 1 : indentOf(rest.slice(1)) + 1;
      waiting = (value) => { list![at] = value; };
      going = undefined;
      indent += width;
      rest = rest.slice(width);
    }
    if (rest === '' || rest[0] === '#') continue;

    // `? key` and on the next line `: value`, for keys that are too long to stand before a colon.
    if (isLongKey && !rest.startsWith(': ')) fail();
    if (isLongKey) { indent += 2; rest = withoutComment(rest.slice(2).trimStart()); }
    isLongKey = !isLongKey && rest.startsWith('? ');
    if (rest === '') continue;
    const pair: [string, string] | undefined = isLongKey ? [asText(inline(rest.slice(2).trimStart(), fail), fail), ''] : keyOf(rest);
    if (!pair) {
      if (waiting) give(rest, indent - 1, waiting);
      else if (going && indent > going.indent) going.take(going.text += ` ${plainText(rest, fail)}`);
      else fail();
      continue;
    }
    let level = open.at(-1);
    if (!level?.mapping || level.indent !== indent) {
      if (!waiting || (level && level.indent >= indent) || open.length > maxDepth) return fail();
      const mapping = Object.create(null) as Record<string, unknown>;
      waiting(mapping);
      open.push(level = { indent, mapping });
    }
    const { mapping } = level, [key, after] = pair, take = (value: unknown): void => { mapping![key] = value; };
    going = undefined;
    take('');
    if (after === '') waiting = take;
    else give(after, indent, take);
  }
  finish();
  return documents;
}

interface Level { readonly indent: number; readonly mapping?: Record<string, unknown>; readonly list?: unknown[] }

const isItem = (text: string): boolean => text.charCodeAt(0) === 45 && (text.length === 1 || text.charCodeAt(1) === 32);
const asText = (value: unknown, fail: () => never): string => (typeof value === 'string' ? value : fail());

const indentOf = (line: string): number => {
  let at = 0;
  while (line.charCodeAt(at) === 32) at++;
  return at;
};

/** Where the quote closes, from a place inside it on; -1 when it does not. A doubled `'` and an escaped `"` do not close. */
function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (quote === "'" && text[at + 1] === "'") at++;
      else return at;
    }
  }
  return -1;
}

const unquote = (text: string): string => (text[0] === "'" ? text.slice(1, -1).replaceAll("''", "'") : text.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_all, two, four, one) =>
  (one ? escapes[one as string] ?? one : String.fromCharCode(Number.parseInt(two ?? four, 16)))));
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', e: '\x1b', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** `key: rest`, `key:`, `'key': rest`; undefined when the text is no pair. */
function keyOf(text: string): [key: string, rest: string] | undefined {
  const first = text[0]!;
  if (first === "'" || first === '"') {
    const end = closing(text, 1, first), after = text.slice(end + 1);
    return end > 0 && (after === ':' || after.startsWith(': ')) ? [unquote(text.slice(0, end + 1)), withoutComment(after.slice(1).trim())] : undefined;
  }
  if ('{[?&*!|>%@`'.includes(first) && !(first === '@' && /\w/.test(text[1] ?? ''))) return undefined;
  const colon = text.indexOf(': '), end = colon < 0 && text.endsWith(':') ? text.length - 1 : colon, comment = text.indexOf(' #');
  return end > 0 && (comment < 0 || comment > end) ? [text.slice(0, end).trimEnd(), withoutComment(text.slice(end + 1).trim())] : undefined;
}

const withoutComment = (text: string): string => (text.startsWith('#') ? '' : text);

/** What stands on one line: a quoted or plain text, `{…}` or `[…]`, and maybe a comment behind. */
function inline(text: string, fail: () => never): unknown {
  const first = text[0]!;
  if (first === '{' || first === '[') {
    const [value, end] = flow(text, 0, 0, fail);
    return /^\s*(?:$|\s#)/.test(text.slice(end)) ? value : fail();
  }
  if (first === "'" || first === '"') {
    const end = closing(text, 1, first);
    return end > 0 && /^\s*(?:$|\s#)/.test(text.slice(end + 1)) ? unquote(text.slice(0, end + 1)) : fail();
  }
  return '#&*!%@`,]}|>'.includes(first) || /^[?-](?: |$)/.test(text) ? fail() : plainText(text, fail);
}

function plainText(text: string, fail: () => never): string {
  if (text.includes(': ') || text.endsWith(':')) return fail();
  const comment = text.indexOf(' #');
  return (comment < 0 ? text : text.slice(0, comment)).trimEnd();
}

/** A collection in braces or brackets from a place on, and where it ends. */
function flow(text: string, from: number, depth: number, fail: () => never): [value: unknown, end: number] {
  const isMapping = text[from] === '{', list: unknown[] = [], mapping = Object.create(null) as Record<string, unknown>;
  let at = skip(text, from + 1);
  if (depth > maxDepth) return fail();
  while (text[at] !== (isMapping ? '}' : ']')) {
    let key = '', value: unknown;
    [value, at] = flowValue(text, at, depth, fail);
    if (isMapping) {
      key = asText(value, fail);
      value = '';
      if (text[at] === ':') {
        at = skip(text, at + 1);
        if (text[at] !== ',' && text[at] !== '}') [value, at] = flowValue(text, at, depth, fail);
      }
      mapping[key] = value;
    } else list.push(value);
    if (text[at] === ',') at = skip(text, at + 1);
    else if (text[at] !== (isMapping ? '}' : ']')) return fail();
  }
  return [isMapping ? mapping : list, at + 1];
}

function flowValue(text: string, at: number, depth: number, fail: () => never): [value: unknown, end: number] {
  const first = text[at] ?? '';
  if (first === '{' || first === '[') { const [value, end] = flow(text, at, depth + 1, fail); return [value, skip(text, end)]; }
  if (first === "'" || first === '"') {
    const end = closing(text, at + 1, first);
    return end < 0 ? fail() : [unquote(text.slice(at, end + 1)), skip(text, end + 1)];
  }
  let end = at;
  while (end < text.length && !',{}[]"\'#'.includes(text[end]!) && !(text[end] === ':' && ' ,]}'.includes(text[end + 1] ?? ' '))) end++;
  const plain = text.slice(at, end).trimEnd();
  return plain === '' || '&*!|>%@`?-'.includes(first) && !/^[@-]\w/.test(plain) || '#"\''.includes(text[end] ?? '') && text[end] !== '' && text[end] !== undefined ? fail() : [plain, end];
}

const skip = (text: string, at: number): number => {
  while (text.charCodeAt(at) === 32) at++;
  return at;
};
