import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { composer } from './composer.ts';
import { conan } from './conan.ts';
import { deb } from './deb.ts';
import { dotted } from './dotted.ts';
import { gentoo } from './gentoo.ts';
import { go } from './go.ts';
import { loose } from './loose.ts';
import { maven } from './maven.ts';
import { openssl } from './openssl.ts';
import { pep440 } from './pep440.ts';
import { php } from './php.ts';
import { datetime, lexicographic } from './plain.ts';
import { rpm } from './rpm.ts';
import { rubygems } from './rubygems.ts';
import type { SchemeDefinition } from './scheme.ts';
import { semverLike } from './semver.ts';

/** Every version order there is; a new one is a line here and, unless it is a relative of one that exists, a file. */
const definitions = {
  deb, rpm, apk, alpm, gentoo,
  semver: semverLike({ parts: 3, leadingZero: 'text' }),
  npm: semverLike({ parts: 3, leadingZero: 'number', dashOptional: true }),
  cargo: semverLike({ parts: 3, leadingZero: 'text' }),
  hex: semverLike({ parts: 3, leadingZero: 'text' }),
  swift: semverLike({ parts: 3, leadingZero: 'text' }),
  pub: semverLike({ parts: 3, leadingZero: 'number', build: 'ordered' }),
  nuget: semverLike({ parts: 4, leadingZero: 'number', largest: 0x7fffffff, ignoreCase: true }),
  bitnami: semverLike({ parts: 3, leadingZero: 'number', revisions: true }),
  go, pep440, maven, rubygems, composer, php,
  cran: dotted(/[.-]/),
  hackage: dotted(/\./),
  conan, openssl, datetime, lexicographic, loose,
};

/** Name of a version order. */
export type Scheme = keyof typeof definitions;

export const schemes = definitions as Readonly<Record<Scheme, SchemeDefinition>>;

export const schemeNames = Object.keys(definitions) as readonly Scheme[];

export const isScheme = (name: string): name is Scheme => Object.hasOwn(definitions, name);
