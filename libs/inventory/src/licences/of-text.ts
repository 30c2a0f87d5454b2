import { licenceIds } from '../sbom/licence-ids.ts';

/** Licences a text grants, by the sentences that are theirs alone; none when it is none of the common ones. */
export function licencesOfText(text: string): string[] {
  const found = new Set<string>();
  const plain = text.replace(/^[ \t]*[#*.]+/gm, ' ').replace(/\s+/g, ' ');
  for (const [phrase, id] of phrases) if (phrase.test(plain)) found.add(typeof id === 'string' ? id : id(plain));
  for (const match of plain.matchAll(/GNU (Lesser |Library |Affero )?General Public Licen[cs]e(.{0,200})/gi)) {
    const version = /\b(?:version|v)\s*(\d(?:\.\d)?)|-(\d(?:\.\d)?)\b/i.exec(match[2]!), number = version?.[1] ?? version?.[2];
    if (number) found.add(gnu(match[1], number, plain));
  }
  for (const [, kind, number] of plain.matchAll(/common-licenses\/(L?GPL|GFDL)-(\d(?:\.\d)?)/g)) found.add(gnu(kind === 'LGPL' ? 'Lesser ' : kind === 'GFDL' ? 'FDL' : undefined, number!, plain));
  for (const [, name] of plain.matchAll(/common-licenses\/(Apache-2\.0|Artistic|BSD|CC0-1\.0|MPL-1\.1|MPL-2\.0)\b/g)) found.add(common[name!]!);
  if (found.size === 0 && /\bin(?:to)? the public domain\b/i.test(plain)) return ['LicenseRef-public-domain'];
  return [...found].filter((id) => licenceIds.has(id)).sort();
}

const phrases: readonly (readonly [RegExp, string | ((text: string) => string)])[] = [
  [/Permission is hereby granted, free of charge, to any person obtaining a copy/i, 'MIT'],
  [/Redistribution and use in source and binary forms(?: of [\w-]+)?, with or without/i, (text) => /All advertising materials mentioning/i.test(text) ? 'BSD-4-Clause' : /(?:Neither the name|names? of .{1,200}may not be used to endorse|used to endorse or promote)/i.test(text) ? 'BSD-3-Clause' : 'BSD-2-Clause'],
  [/Permission to use, copy, modify,? and distribute this software and its documentation for any purpose/i, 'HPND'],
  [/Apache License,?\s+Version 2\.0/i, 'Apache-2.0'],
  [/Permission to use, copy, modify,? and(?:\/or)? distribute this software for any purpose with or without fee/i, 'ISC'],
  [/This software is provided ['"`‘]+as-is['"`’]+, without any express or implied warranty.{0,400}altered source versions/i, 'Zlib'],
  [/Mozilla Public License,?\s+(?:Version|v\.?)\s*1\.1/i, 'MPL-1.1'], [/Mozilla Public License,?\s+(?:Version|v\.?)\s*2\.0/i, 'MPL-2.0'],
  [/free and unencumbered software released into the public domain/i, 'Unlicense'], [/Boost Software License - Version 1\.0/i, 'BSL-1.0'],
];
const common: Readonly<Record<string, string>> = { 'Apache-2.0': 'Apache-2.0', Artistic: 'Artistic-1.0-Perl', BSD: 'BSD-3-Clause', 'CC0-1.0': 'CC0-1.0', 'MPL-1.1': 'MPL-1.1', 'MPL-2.0': 'MPL-2.0' };

function gnu(kind: string | undefined, version: string, text: string): string {
  const family = /lesser|library/i.test(kind ?? '') ? 'LGPL' : /affero/i.test(kind ?? '') ? 'AGPL' : kind === 'FDL' ? 'GFDL' : 'GPL';
  return `${family}-${version.includes('.') ? version : `${version}.0`}-${/any later version|or later|or newer/i.test(text) ? 'or-later' : 'only'}`;
}
