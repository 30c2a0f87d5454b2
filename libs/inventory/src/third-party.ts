/**
 * Whether a path lies in code that a package manager put there: documentation, libraries and their tests. Names and texts that mean something
 * in an application mean nothing here: test keys, examples, other people's Dockerfiles.
 */
export function isThirdParty(path: string): boolean {
  if (path.startsWith('usr/')) {
    if (path.startsWith('include/', 4) || path.startsWith('src/linux', 4) || path.startsWith('lib32/', 4) || path.startsWith('libexec/', 4)) return true;
    if (path.startsWith('local/', 4)) { if (path.startsWith('go/', 10) || path.startsWith('include/', 10)) return true; }
    else if (path.startsWith('lib/', 4) || path.startsWith('lib64/', 4)) return true;
    else if (path.startsWith('share/', 4)) {
      const end = path.indexOf('/', 10);
      if (end > 0 && !applicationShares.has(path.slice(10, end))) return true;
    }
  } else if (path.startsWith('lib/') || path.startsWith('lib64/') || path.startsWith('var/lib/dpkg/') || path.startsWith('boot/') || path.startsWith('nix/store/')) return true;
  return installed.test(path);
}

/** Places below usr/share where people put applications of their own. */
const applicationShares: ReadonlySet<string> = new Set(['nginx', 'httpd', 'apache2', 'caddy', 'app', 'webapps', 'www', 'html', 'tomcat', 'elasticsearch', 'kibana', 'logstash', 'grafana']);

const installed = /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|vendor\/(?:bundle|github\.com|golang\.org|gopkg\.in|composer)|pkg\/mod|\.cargo\/registry|cargo\/registry|\.m2\/repository|\.yarn\/(?:cache|releases|unplugged)|__pycache__|python3\.\d+(?!\/site-packages)|lib\/R\/library|perl5?\/5\.[\d.]+|jvm|composer\/cache|toolchains)\//;
