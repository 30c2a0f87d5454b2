/**
 * Whether it matters which operating-system package owns this path: true where a language package could be found, now or by a later
 * cataloger. Leaves out documentation, translations, headers, sources and shared objects, which are nine tenths of every list.
 * Independent of the cataloger table on purpose: results of dpkg, apk and rpm stay valid when a cataloger is added.
 */
export function isOwnable(path: string): boolean {
  if (path.startsWith('usr/share/')) {
    const end = path.indexOf('/', 10);
    if (end > 0 && skippedShares.has(path.slice(10, end))) return false;
  } else if (path.startsWith('usr/include/') || path.startsWith('usr/lib/modules/') || path.startsWith('lib/modules/') || path.startsWith('etc/')) {
    return false;
  }
  const dot = path.lastIndexOf('.');
  return dot < path.lastIndexOf('/') || !skippedExtensions.has(path.slice(dot + 1)) || path.includes('/package.conf.d/');
}

const skippedShares = new Set(['doc', 'man', 'locale', 'info', 'zoneinfo', 'icons', 'i18n', 'licenses', 'common-licenses', 'terminfo', 'bash-completion', 'zsh', 'mime', 'fonts', 'vim', 'X11', 'help', 'lintian', 'bug', 'consolefonts', 'keymaps']);
const skippedExtensions = new Set(['py', 'pyc', 'pyi', 'h', 'hpp', 'c', 'mo', 'po', 'gz', 'xz', 'png', 'svg', 'html', 'css', 'txt', 'a', 'la', 'o', 'so', 'ko', 'pm', 'pl', 'pod', 'ph', 'el', 'elc', 'rb', 'js', 'mjs', 'cjs', 'ts', 'map', 'md', 'conf', 'service', 'pc', 'cmake', 'tcl', 'ttf', 'hwdb', 'rules', 'vim', 'al']);
