import { licenceIds } from '../sbom/licence-ids.ts';

/** Letters, digits and `+` alone, in lower case: `BSD 3-Clause License` and `bsd-3-clause` are one key. */
const keyOf = (text: string): string => text.toLowerCase().replace(/\blicen[cs]es?\b|\bthe\b|\bversion\b|\bsoftware\b/g, '').replace(/v(?=\d)/g, '').replace(/[^a-z0-9+]/g, '');

/** Names in use that are no identifiers of the SPDX list, by their key. Where a name does not tell which one of several it is, it is left out. */
const aliases: Readonly<Record<string, string>> = {
  expat: 'MIT', mitexpat: 'MIT', mitx11: 'MIT', mitold: 'HPND', mitnofa: 'MIT',
  apache: 'Apache-2.0', apache2: 'Apache-2.0', asl20: 'Apache-2.0', asl2: 'Apache-2.0', asl11: 'Apache-1.1', al20: 'Apache-2.0',
  bsd: 'LicenseRef-BSD', bsd3: 'BSD-3-Clause', newbsd: 'BSD-3-Clause', modifiedbsd: 'BSD-3-Clause', revisedbsd: 'BSD-3-Clause', '3clausebsd': 'BSD-3-Clause', bsdnew: 'BSD-3-Clause',
  bsd2: 'BSD-2-Clause', simplifiedbsd: 'BSD-2-Clause', freebsd: 'BSD-2-Clause', '2clausebsd': 'BSD-2-Clause', bsd4: 'BSD-4-Clause', bsdwithadvertising: 'BSD-4-Clause', bsd0: '0BSD',
  isciscl: 'ISC', zliblibpng: 'Zlib', psf: 'PSF-2.0', psf2: 'PSF-2.0', pythonfoundation: 'PSF-2.0', python: 'PSF-2.0', pythonfoundationlicense: 'PSF-2.0',
  mpl2: 'MPL-2.0', mpl1: 'MPL-1.0', mozillapublic20: 'MPL-2.0', mozillapublic11: 'MPL-1.1', mozillapublic20mpl20: 'MPL-2.0',
  cc0: 'CC0-1.0', cc010universal: 'CC0-1.0', boost: 'BSL-1.0', boost10: 'BSL-1.0', bsl1: 'BSL-1.0',
  artistic: 'Artistic-1.0-Perl', artistic2: 'Artistic-2.0', perl5: 'Artistic-1.0-Perl OR GPL-1.0-or-later', perl: 'Artistic-1.0-Perl OR GPL-1.0-or-later',
  eclipsepublic10: 'EPL-1.0', eclipsepublic20: 'EPL-2.0', epl: 'EPL-1.0', cddl: 'CDDL-1.0', ofl: 'OFL-1.1', silopenfont11: 'OFL-1.1', silofl11: 'OFL-1.1', silofl: 'OFL-1.1', openldap: 'OLDAP-2.8', bzip2: 'bzip2-1.0.6', tcltk: 'TCL', lha: 'LicenseRef-LHA', ijg: 'IJG', gfdl: 'GFDL-1.1-or-later',
  academicfree21: 'AFL-2.1', afl: 'AFL-2.1', publicdomain: 'LicenseRef-public-domain', pd: 'LicenseRef-public-domain', unicodedfs2016: 'Unicode-DFS-2016', qpl: 'QPL-1.0', zopepublic21: 'ZPL-2.1', zpl: 'ZPL-2.1', wtfpl2: 'WTFPL', universitofillinoisncsaopensource: 'NCSA',
};

const exceptions: Readonly<Record<string, string>> = {
  gccexception: 'GCC-exception-3.1', gccruntimelibraryexception31: 'GCC-exception-3.1', gccexceptions: 'GCC-exception-3.1', autoconfexception: 'Autoconf-exception-3.0', bisonexception: 'Bison-exception-2.2', classpathexception: 'Classpath-exception-2.0',
  libtoolexception: 'Libtool-exception', fontexception: 'Font-exception-2.0', opensslexception: 'openvpn-openssl-exception', linuxsyscallnote: 'Linux-syscall-note',
};

const isGnu = /^(?:A?GPL|LGPL|GFDL)-/;
const byKey = new Map([...licenceIds].filter((id) => !isGnu.test(id)).map((id) => [keyOf(id), id]));
const byExactKey = new Map([...licenceIds].map((id) => [id.toLowerCase(), id]));

/** The identifier of an exception, however it is written. */
export const exceptionNamed = (text: string): string | undefined => byExactKey.get(text.trim().toLowerCase()) ?? byExactKey.get(text.trim().toLowerCase().replace(/[\s-]*exception$/, '')) ?? exceptions[keyOf(text)];

/** The identifier (or for a few names the expression) of a licence that is named so; undefined when that cannot be told. */
export function licenceNamed(text: string): string | undefined {
  const plain = text.trim();
  if (plain === '' || plain.length > 100) return undefined;
  const gnu = gnuNamed(plain);
  if (gnu) return gnu;
  const exact = byExactKey.get(plain.toLowerCase()) ?? (plain.endsWith('+') && byExactKey.has(plain.slice(0, -1).toLowerCase()) ? `${byExactKey.get(plain.slice(0, -1).toLowerCase())}+` : undefined);
  if (exact) return exact;
  // `GNU … (GPLv3)`: what is in the parentheses says the same again.
  for (const one of [plain, plain.replace(/\s*\([^()]*\)\s*/g, ' ').trim()]) {
    const key = keyOf(one), found = Object.hasOwn(aliases, key) ? aliases[key] : byKey.get(key);
    if (found && key !== '') return found;
  }
  return undefined;
}

/**
 * The GNU licences, of which everybody has spellings of their own: `GPLv2+`, `GPL-2`, `GNU Lesser General Public License v3 or later (LGPLv3+)`, `GPL (>= 2)`.
 * Without a version it is any (GPL-2.0 section 9).
 */
function gnuNamed(text: string): string | undefined {
  const match = /^(?:the\s+)?(?:gnu\s+)?(affero\s+general\s+public|lesser\s+general\s+public|library\s+(?:or\s+lesser\s+)?general\s+public|general\s+public|free\s+documentation|agpl|lgpl|gpl|gfdl|fdl)(?:[\s-]*licen[cs]e)?[\s,_-]*(?:\(\s*>=\s*)?(?:version|ver\.?|v\.?)?[\s_-]*(\d+(?:\.\d+)*)?\)?[\s,_-]*(\+|-?or-later|or\s*\(?(?:at your option\)?\s*)?(?:any\s*)?(?:later|newer)(?:\s*version)?|-?only)?\s*(?:\([^()]*\))?$/i.exec(text);
  if (!match) return undefined;
  const family = families.find(([shape]) => shape.test(match[1]!))![1], later = />=|\+/.test(text) || /later|newer/i.test(match[3] ?? '');
  const [number, orLater] = match[2] === undefined ? [firstVersions[family]!, true] : [match[2].includes('.') ? match[2].split('.').slice(0, 2).join('.') : `${match[2]}.0`, later];
  const id = `${family}-${number}-${orLater ? 'or-later' : 'only'}`;
  return licenceIds.has(id) ? id : undefined;
}

const families: readonly (readonly [RegExp, string])[] = [[/affero|agpl/i, 'AGPL'], [/lesser|library|lgpl/i, 'LGPL'], [/documentation|fdl/i, 'GFDL'], [/./, 'GPL']];
const firstVersions: Readonly<Record<string, string>> = { GPL: '1.0', LGPL: '2.0', AGPL: '1.0', GFDL: '1.1' };
