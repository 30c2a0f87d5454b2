import { describe, expect, it } from 'vitest';
import { defaultFeedLimits } from './feed.ts';
import { codeOf, record } from './feeds.spec-helper.ts';
import { readXml } from './xml.ts';

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
    ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'feed-xml-dtd'], ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'feed-xml-dtd'],
    ['<a>'.repeat(65), 'feed-too-deep'], [`<a x="${'y'.repeat(70_000)}`, 'feed-malformed'], [`<a>${'y'.repeat(1_100_000)}`, 'feed-malformed'],
  ] as const).map(([text, code]) => [text.slice(0, 40), text, code] as const))('is refused: %s', async (_, text, code) => {
    expect(await codeOf(events(text, 4096))).toBe(code);
  });
  it('is refused when it is not UTF-8, and beyond its size', async () => {
    const nothing = { open() {}, text() {}, close() {} };
    expect(await codeOf(readXml(record('feed.xml', Buffer.from([0x3c, 0x61, 0x3e, 0xff])), defaultFeedLimits, nothing))).toBe('feed-malformed');
    expect(await codeOf(readXml(record('feed.xml', '<a></a>'), { ...defaultFeedLimits, feedBytes: 5 }, nothing))).toBe('feed-too-large');
  });
});
