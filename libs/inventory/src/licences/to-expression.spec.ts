import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpression } from '../sbom/licences.ts';
import { licencesOfText } from './of-text.ts';
import { toExpression, toExpressions } from './to-expression.ts';

it.each([
  ['MIT', 'MIT'], ['mit', 'MIT'], ['The MIT License', 'MIT'], ['Expat', 'MIT'], ['MIT/X11', 'MIT'], ['Apache License, Version 2.0', 'Apache-2.0'], ['ASL 2.0', 'Apache-2.0'], ['Apache Software License', 'Apache-2.0'],
  ['BSD', 'LicenseRef-BSD'], ['BSD License', 'LicenseRef-BSD'], ['BSD-3-clause', 'BSD-3-Clause'], ['3-Clause BSD License', 'BSD-3-Clause'], ['New BSD License', 'BSD-3-Clause'], ['ISC License (ISCL)', 'ISC'], ['Mozilla Public License 2.0 (MPL 2.0)', 'MPL-2.0'], ['MPLv2.0', 'MPL-2.0'],
  ['Python Software Foundation License', 'PSF-2.0'], ['UNLICENSED', 'LicenseRef-UNLICENSED'], ['The Unlicense', 'Unlicense'], ['SEE LICENSE IN LICENSE.md', 'LicenseRef-SEE-LICENSE-IN-LICENSE.md'], ['public-domain', 'LicenseRef-public-domain'],
  ['GPL-2+', 'GPL-2.0-or-later'], ['GPL-2', 'GPL-2.0-only'], ['GPL-2.0', 'GPL-2.0-only'], ['GPL-2.0+', 'GPL-2.0-or-later'], ['GPL-2.0-only', 'GPL-2.0-only'], ['GPLv3+', 'GPL-3.0-or-later'], ['GPL2', 'GPL-2.0-only'], ['GPL', 'GPL-1.0-or-later'], ['GPL (>= 2)', 'GPL-2.0-or-later'],
  ['GNU General Public License v3 (GPLv3)', 'GPL-3.0-only'], ['GNU General Public License v2 or later (GPLv2+)', 'GPL-2.0-or-later'], ['GNU Lesser General Public License v2.1', 'LGPL-2.1-only'], ['LGPLv2.1+', 'LGPL-2.1-or-later'], ['AGPL-3', 'AGPL-3.0-only'], ['GFDL-1.2+', 'GFDL-1.2-or-later'], ['GPL version 2 or any later version', 'GPL-2.0-or-later'],
  ['GPLv2+ and LGPLv2+ and (MIT or BSD)', 'GPL-2.0-or-later AND LGPL-2.0-or-later AND (MIT OR LicenseRef-BSD)'], ['MIT OR Apache-2.0', 'MIT OR Apache-2.0'], ['MIT/Apache-2.0', 'MIT OR Apache-2.0'], ['(MIT AND Zlib)', 'MIT AND Zlib'], ['MIT and MIT', 'MIT'],
  ['GPL-1+ or Artistic, and BSD-4-clause', '(GPL-1.0-or-later OR Artistic-1.0-Perl) AND BSD-4-Clause'], ['GPL-3+ with GCC exception', 'GPL-3.0-or-later WITH GCC-exception-3.1'], ['GPL-2.0-or-later WITH Classpath-exception-2.0', 'GPL-2.0-or-later WITH Classpath-exception-2.0'], ['GPL-2-with-Linux-syscall-note-exception', 'GPL-2.0-only WITH Linux-syscall-note'],
  ['GPL-2 with some exception', 'LicenseRef-GPL-2-with-some-exception'], ['MIT BSD GPL2+', 'MIT AND LicenseRef-BSD AND GPL-2.0-or-later'], ['perl_5', 'Artistic-1.0-Perl OR GPL-1.0-or-later'], ['MIT, Zlib', 'MIT AND Zlib'], ['LicenseRef-mine', 'LicenseRef-mine'],
  ['', undefined], ['NOASSERTION', undefined], ['UNKNOWN', undefined], ['(MIT', 'MIT'], ['and', 'LicenseRef-and'], ['MIT OR', 'LicenseRef-MIT-OR'],
])('%s is %s', (text, expression) => { expect(toExpression(text)).toBe(expression); });

it('whatever somebody wrote, an expression comes out, and stays what it is', () => {
  const piece = fc.oneof(fc.constantFrom('MIT', 'GPL-2+', 'and', 'or', 'with', '(', ')', ',', '/', 'BSD', 'or later', 'GNU', 'General Public License', 'exception', 'v3'), fc.string({ maxLength: 12 }));
  fc.assert(fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
    const expression = toExpression(pieces.join(' '));
    if (expression === undefined) return;
    // A reference is a licence too; the list does not know it.
    expect(isExpression(expression.replace(/LicenseRef-[A-Za-z0-9.-]+/g, 'MIT')), expression).toBe(true);
    expect(toExpression(expression)).toBe(expression);
  }), { numRuns: 2000 });
});

it('what is said twice counts once', () => { expect(toExpressions(['MIT', 'Expat', 'The MIT License', ''])).toEqual(['MIT']); });

describe('a text', () => {
  it.each([
    ['Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software', ['MIT']],
    [' Redistribution and use in source and binary forms, with or without\n * modification. Neither the name of X may be', ['BSD-3-Clause']], ['Redistribution and use in source and binary forms, with or without modification', ['BSD-2-Clause']],
    ['On Debian systems, the full text of the GNU General Public License version 2\ncan be found in /usr/share/common-licenses/GPL-2. You may use any later version.', ['GPL-2.0-or-later']],
    ['see /usr/share/common-licenses/LGPL-2.1', ['LGPL-2.1-only']], ['This file is in the public domain.', ['LicenseRef-public-domain']], ['All rights reserved.', []],
  ])('%s', (text, licences) => { expect(licencesOfText(text)).toEqual(licences); });
});
