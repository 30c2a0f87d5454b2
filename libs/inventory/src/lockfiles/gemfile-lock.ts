import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { lockfile } from './lockfile.ts';

/** `Gemfile.lock` (bundler, lockfile_parser.rb): the `specs:` of GEM and GIT sources, four spaces deep; PATH is the project itself. */
export const gemfileLock: FileCataloger = lockfile('gemfile-lock', (name) => name === 'Gemfile.lock' || name === 'gems.locked', (bytes): Found => {
  const packages: FoundPackage[] = [];
  let section = '';
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    if (/^[A-Z]/.test(line)) section = line.trim();
    const spec = section === 'GEM' || section === 'GIT' || section === 'PATH' ? /^ {4}([^\s(]+) \(([^)]+)\)$/.exec(line) : null;
    // `nokogiri (1.13.0-x86_64-linux)`: the platform is not the version.
    if (spec) packages.push({ type: 'gem', name: spec[1]!, version: spec[2]!.replace(/-(?:x86|x64|arm|aarch64|java|universal|mingw|mswin|jruby)[\w-]*$/, '') });
  }
  return { packages };
});
