import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { all, codeOf, record } from './feeds.spec-helper.ts';
import { readXml } from './xml.ts';
import { xmlElements } from './xml-elements.ts';

async function events(text: string, step = 3): Promise<string[]> {
  const seen: string[] = [];
  await readXml(record('feed.xml', text, step), defaultFeedLimits, {
    open: (name, attributes) => seen.push(`<${[name, ...Object.entries(attributes).map(([key, value]) => `${key}=${value}`)].join(' ')}>`),
    text: (words) => seen.push(words),
    close: (name) => seen.push(`</${name}>`),
  });
  return seen;
}

describe('XML', () => {
  it.each([1, 2, 3, 7, 1000])('is read alike in pieces of %i bytes', async (step) => {
    expect(await events(`\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- <a> --><o:a x='1 > 2' y="&lt;&#x41;é">é &amp; <b/>\n <![CDATA[<&]]>&gt;</o:a>\n`, step))
      .toEqual(['<a x=1 > 2 y=<Aé>', 'é & ', '<b>', '</b>', '\n <&>', '</a>']);
  });
  it.each(([
    ['', 'feed-empty'], ['  \n', 'feed-empty'], ['nonsense', 'feed-malformed'], ['{"a": 1}', 'feed-malformed'],
    ['<a><b></a>', 'feed-malformed'], ['<a>', 'feed-truncated'], ['<a><b x="1', 'feed-truncated'], ['<a/><b/>', 'feed-malformed'], ['<a x=1/>', 'feed-malformed'], ['<a x="1" x="2"/>', 'feed-malformed'],
    ['<a>&nbsp;</a>', 'feed-malformed'], ['<a>&#0;</a>', 'feed-malformed'], ['<a>& b</a>', 'feed-malformed'], ['<?xml version="1.0" encoding="latin1"?><a/>', 'feed-malformed'], ['< a/>', 'feed-malformed'],
    ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'feed-xml-dtd'], ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 'feed-malformed'],
    [`<!DOCTYPE a [<!ENTITY b "c">${Array.from({ length: 9 }, (_, n) => `<!ENTITY b${n} "${'&b;'.repeat(10)}">`).join('')}]><a>&b8;</a>`, 'feed-xml-dtd'], ['<!DOCTYPE a [<!ENTITY % b SYSTEM "x">%b;]><a/>', 'feed-xml-dtd'], ['<a><!DOCTYPE a></a>', 'feed-xml-dtd'], ['<!DOCTYPE a [', 'feed-truncated'],
    ['<a>'.repeat(65), 'feed-too-deep'], [`<a x="${'y'.repeat(70_000)}`, 'feed-malformed'], [`<a>${'y'.repeat(1_100_000)}`, 'feed-malformed'],
  ] as const).map(([text, code]) => [text.slice(0, 40), text, code] as const))('is refused: %s', async (_, text, code) => {
    expect(await codeOf(events(text, 4096))).toBe(code);
  });
  it.each(['<!DOCTYPE a>', '<!DOCTYPE a SYSTEM "http://x/a.dtd">', '<!DOCTYPE a PUBLIC "-//x//A 1.1//EN" "http://x/a.dtd" [\n<!ENTITY y-2003 SYSTEM "y-2003.xml">\n<!ENTITY y-2004 SYSTEM "y-2004.xml">\n]>'])('may name what it is of: %s', async (type) => {
    expect(await events(`<?xml version="1.0"?>\n${type}\n<a>b</a>`)).toEqual(['<a>', 'b', '</a>']);
  });
  it('with a tag or text without end is refused long before its end comes', async () => {
    for (const start of ['<a x="', '<a>', '<!DOCTYPE a [', '<!--']) {
      let given = 0;
      const chunks = async function* () { yield Buffer.from(start); for (; given < 1_000; given++) yield Buffer.alloc(1024 * 1024, 'y'); };
      expect(await codeOf(readXml({ name: 'feed.xml', chunks: chunks() }, defaultFeedLimits, { open() {}, text() {}, close() {} }))).toBe('feed-malformed');
      expect(given).toBeLessThan(5);
    }
  });
  it('is refused when it is not UTF-8, and beyond its size', async () => {
    const nothing = { open() {}, text() {}, close() {} };
    expect(await codeOf(readXml(record('feed.xml', Buffer.from([0x3c, 0x61, 0x3e, 0xff])), defaultFeedLimits, nothing))).toBe('feed-malformed');
    expect(await codeOf(readXml(record('feed.xml', '<a></a>'), { ...defaultFeedLimits, feedBytes: 5 }, nothing))).toBe('feed-too-large');
  });
});

describe('elements of a document', () => {
  const found = async (text: string, limits = defaultFeedLimits) => { const list = await all(xmlElements(record('feed.xml', text, 5), limits, 'b')); return list; };
  it('are given one after another, with all that is in them', async () => {
    const list = await found('<a><b x="1">t<c>u</c>v<c/></b><d><b><c>w</c></b></d></a>');
    expect(list.map((one) => [one.attribute('x'), one.text, one.textOf('c'), one.all('c').length, one.attribute('none'), one.textOf('none')])).toEqual([['1', 'tv', 'u', 2, '', ''], ['', '', 'w', 1, '', '']]);
  });
  it('are no larger than a record may be', async () => {
    expect(await codeOf(found(`<a>${'<b>x</b>'.repeat(100)}</a>`, { ...defaultFeedLimits, recordBytes: 200 }))).toBe('none');
    expect(await codeOf(found(`<a><b>${'<c/>'.repeat(100)}</b></a>`, { ...defaultFeedLimits, recordBytes: 200 }))).toBe('record-too-large');
  });
});
