import { invalid } from '@plimsoll/problem';

/** An XML element: its local name, its attributes, its elements, and the text between them. */
export interface XmlElement { readonly name: string; readonly attributes: ReadonlyMap<string, string>; readonly children: XmlElement[]; text: string }

/** What a document of unknown origin may cost. */
const maxElements = 1_000_000, maxDepth = 200;

/**
 * Reads the XML that build tools write (https://www.w3.org/TR/xml/): elements, attributes, text, CDATA. Without document types, whose entities can
 * multiply and point elsewhere: Problem `code`, as for everything that is not well-formed or too much.
 */
export function parseXmlFile(bytes: Buffer, code: string): XmlElement {
  const text = bytes.toString('utf8'), root: XmlElement = { name: '', attributes: new Map(), children: [], text: '' }, open: XmlElement[] = [root];
  let elements = 0;
  const token = /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<\?[^]*?\?>|<(\/?)([^\s<>/!?][^\s<>/]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)(\/?)>|([^<]+)/gy;
  for (let match, at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    match = token.exec(text);
    if (!match) throw invalid(code, `no XML that is read here at character ${at}`);
    const [, cdata, closing, name = '', attributes = '', empty, characters] = match, current = open.at(-1)!;
    if (cdata !== undefined) current.text += cdata;
    else if (characters !== undefined) { if (open.length > 1) current.text += decode(characters); }
    else if (closing) {
      if (localName(name) !== current.name || open.length === 1) throw invalid(code, `</${name.slice(0, 60)}> closes nothing`);
      open.pop();
    } else if (name) {
      if (++elements > maxElements || open.length > maxDepth) throw invalid(code, `more than ${maxElements} elements, or more than ${maxDepth} inside each other`);
      const element: XmlElement = { name: localName(name), attributes: attributesOf(attributes), children: [], text: '' };
      current.children.push(element);
      if (!empty) open.push(element);
    }
  }
  if (open.length > 1 || root.children.length !== 1) throw invalid(code, open.length > 1 ? `<${open.at(-1)!.name}> is not closed` : 'not one element');
  return root.children[0]!;
}

/** The elements of this name inside one, and the text of the first. */
export const childrenOf = (element: XmlElement | undefined, name: string): XmlElement[] => element?.children.filter((one) => one.name === name) ?? [];
export const childText = (element: XmlElement | undefined, name: string): string | undefined => childrenOf(element, name)[0]?.text.trim() || undefined;

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);
const attributesOf = (text: string): Map<string, string> => new Map([...text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, name = '', double, single]) => [localName(name), decode(double ?? single ?? '')]));
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const decode = (text: string): string => text.replace(/&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/g, (all, name, decimal, hex) => {
  const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
  return name ? entities[name]! : code <= 0x10ffff ? String.fromCodePoint(code) : all;
});
