/**
 * Reads the YAML that tools write (https://yaml.org/spec/1.2.2/): mappings and lists by indentation, one scalar or one flat `{…}` or `[…]` a line,
 * literal blocks. About fifty times as fast as a whole parser, which a lock file of megabytes needs. All scalars are text as written. Undefined
 * for anything else, which is then for the whole parser: never a guess.
 */
export function readBlockYaml(text: string): unknown[] | undefined {
  const documents: unknown[] = [];
  let open: Level[] = [], root: unknown, waiting: ((value: unknown) => void) | undefined = (value) => { root = value; }, literal = -1, count = 0;
  const finish = (): void => { if (root !== undefined) documents.push(root); root = undefined; open = []; waiting = (value) => { root = value; }; };

  for (const raw of text.split('\n')) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    let indent = indentOf(line);
    if (literal >= 0) {
      if (indent > literal || line.trim() === '') continue;
      literal = -1;
    }
    if (indent === line.length || line[indent] === '#') continue;
    if (line === '---' || line === '...') { finish(); continue; }
    if (line[indent] === '\t' || line[0] === '%' || ++count > 4_000_000) return undefined;
    let rest = line.slice(indent);

    while (open.length && (open.at(-1)!.indent > indent || (open.at(-1)!.indent === indent && open.at(-1)!.list !== undefined && !/^-(?: |$)/.test(rest)))) { open.pop(); waiting = undefined; }
    // Each dash opens an item; what follows it on the line stands two columns further in.
    for (let dash; (dash = /^-(?: +|$)/.exec(rest)); ) {
      let level = open.at(-1);
      if (!level?.list || level.indent !== indent) {
        if (!waiting || (level && level.indent > indent)) return undefined;
        const list: unknown[] = [];
        waiting(list);
        open.push(level = { indent, list });
      }
      const { list } = level, at = list!.push('') - 1;
      waiting = (value) => { list![at] = value; };
      indent += dash[0].length;
      rest = rest.slice(dash[0].length);
    }
    if (rest === '') continue;

    const pair = keyOf(rest);
    if (!pair) {
      if (!waiting) return undefined;
      const value = scalar(rest);
      if (value === undefined || value === literalMark) return undefined;
      waiting(value);
      waiting = undefined;
      continue;
    }
    let level = open.at(-1);
    if (!level?.mapping || level.indent !== indent) {
      if (!waiting || (level && level.indent >= indent && !level.list) || (level?.list && level.indent >= indent)) return undefined;
      const mapping = Object.create(null) as Record<string, unknown>;
      waiting(mapping);
      open.push(level = { indent, mapping });
    }
    const { mapping } = level, [key, after] = pair;
    if (open.length > 100) return undefined;
    mapping![key] = '';
    waiting = (value) => { mapping![key] = value; };
    if (after === '') continue;
    const value = scalar(after);
    if (value === undefined) return undefined;
    if (value === literalMark) literal = indent;
    else mapping![key] = value;
    waiting = undefined;
  }
  finish();
  return documents;
}

interface Level { readonly indent: number; readonly mapping?: Record<string, unknown>; readonly list?: unknown[] }

const indentOf = (line: string): number => {
  let at = 0;
  while (line.charCodeAt(at) === 32) at++;
  return at;
};

const quoted = /^(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\["\\/])*)")/;
const unquote = (single: string | undefined, double: string | undefined): string => (single !== undefined ? single.replaceAll("''", "'") : double!.replace(/\\(.)/g, '$1'));

/** `key: rest`, `key:`, `'key': rest`; undefined when the text is no pair. */
function keyOf(text: string): [key: string, rest: string] | undefined {
  const first = text[0]!;
  if (first === "'" || first === '"') {
    const match = quoted.exec(text), after = match ? text.slice(match[0].length) : '';
    return match && /^:(?: |$)/.test(after) ? [unquote(match[1], match[2]), withoutComment(after.slice(1).trim())] : undefined;
  }
  if ('{[?&*!|>%@`-'.includes(first) && !/^[@-]\w/.test(text)) return undefined;
  const colon = text.endsWith(':') && !text.includes(': ') ? text.length - 1 : text.indexOf(': ');
  return colon > 0 && !text.slice(0, colon).includes(' #') ? [text.slice(0, colon).trimEnd(), withoutComment(text.slice(colon + 1).trim())] : undefined;
}

const withoutComment = (text: string): string => (text.startsWith('#') ? '' : text);

const literalMark = Symbol('literal');

/** A scalar or a flat collection on one line; undefined for what it is not sure of. */
function scalar(text: string): unknown {
  const first = text[0]!;
  if (first === '|' || first === '>') return /^[|>][-+]?\d?[-+]?$/.test(text) ? literalMark : undefined;
  if (first === '{' || first === '[') return flat(text);
  if (first === "'" || first === '"') {
    const match = quoted.exec(text);
    return match && /^(?:\s+#.*|\s*)$/.test(text.slice(match[0].length)) ? unquote(match[1], match[2]) : undefined;
  }
  if ('&*!%@`?,]}'.includes(first) || text.includes(': ') || text.endsWith(':')) return undefined;
  const comment = text.indexOf(' #');
  return (comment < 0 ? text : text.slice(0, comment)).trimEnd();
}

const item = /\s*(?:([\w./@-]+|'(?:[^']|'')*'):\s+)?(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\["\\/])*)"|([^\s'"{}[\],&*!|>%@`#][^'"{}[\],#]*?))\s*(?:,|$)/y;

function flat(text: string): unknown {
  const isMapping = text[0] === '{', end = text.trimEnd();
  if (end.at(-1) !== (isMapping ? '}' : ']')) return undefined;
  const inner = end.slice(1, -1).trim(), list: unknown[] = [], mapping = Object.create(null) as Record<string, unknown>;
  for (let at = 0; at < inner.length; at = item.lastIndex) {
    item.lastIndex = at;
    const match = item.exec(inner);
    if (!match || (match[1] !== undefined) !== isMapping || (match[4]?.includes(': ') ?? false)) return undefined;
    const value = match[4] ?? unquote(match[2], match[3]);
    if (isMapping) mapping[match[1]!.replace(/^'([^]*)'$/, '$1')] = value;
    else list.push(value);
  }
  return isMapping ? mapping : list;
}
