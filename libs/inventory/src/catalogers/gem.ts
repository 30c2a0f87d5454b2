import { baseName, type FileCataloger, type Found } from '../cataloger.ts';

/** Installed Ruby gems by their `specifications/NAME-VERSION.gemspec`, which RubyGems writes itself in one fixed shape (Gem::Specification#to_ruby). */
export const gem: FileCataloger = {
  name: 'gem',
  version: 1,
  maxBytes: 4 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 99 && path.endsWith('.gemspec') && /(?:^|\/)specifications\/(?:default\/)?[^/]+$/.test(path),
  catalog({ path, bytes }): Found {
    const text = bytes.toString('utf8');
    const stub = /^# stub: (\S+) (\S+) (\S+)/m.exec(text);
    const name = stub?.[1] ?? /\.name\s*=\s*["']([^"']+)["']/.exec(text)?.[1];
    const version = stub?.[2] ?? /\.version\s*=\s*(?:Gem::Version\.new\(?\s*)?["']([^"']+)["']/.exec(text)?.[1];
    if (!name || !version) {
      // A hand-written gemspec computes its version in Ruby; the file name tells both.
      const parts = /^(.+?)-(\d[\w.]*?)(?:-[\w-]+)?\.gemspec$/.exec(baseName(path));
      if (!parts) return { packages: [], problems: [{ code: 'gemspec-unreadable', detail: 'no name and version' }] };
      return { packages: [{ type: 'gem', name: parts[1]!, version: parts[2]! }] };
    }
    const licences = [...(/\.licenses?\s*=\s*(\[[^\]]*\]|["'][^"']*["'])/.exec(text)?.[1] ?? '').matchAll(/["']([^"']+)["']/g)].map((match) => match[1]!);
    return { packages: [{ type: 'gem', name, version, ...(licences.length && { licences }) }] };
  },
};
