import { parseAlpineSecDb } from './alpine-secdb.ts';
import { parseArch } from './arch.ts';
import { parseBodhi } from './bodhi.ts';
import { parseCsaf } from './csaf.ts';
import { parseCvrf } from './cvrf.ts';
import { parseDebianChangelogs } from './debian-changelogs.ts';
import { parseDebianLists } from './debian-lists.ts';
import { parseDebianTracker } from './debian-tracker.ts';
import { parseAlmaErrata, parseRockyErrata } from './errata.ts';
import { parseGlsa } from './gentoo-glsa.ts';
import { parseOval } from './oval.ts';
import { parsePhotonCves } from './photon-cves.ts';
import { parseRedHatCves } from './redhat-cves.ts';
import { amazonRepositories, csafDirectory, indexedFiles, pages, rpmRepositories } from './source-lists.ts';
import type { Source } from './sources.ts';
import { parseUbuntuCveTracker } from './ubuntu-cve-tracker.ts';
import { parseUbuntuCves } from './ubuntu-cves.ts';
import { parseUbuntuNotices, parseUsnDatabase } from './ubuntu-notices.ts';
import { parseUbuntuVex } from './ubuntu-vex.ts';
import { parseUpdateInfo } from './updateinfo.ts';
import { parseVuXml } from './vuxml.ts';

const minutes = 60, hours = 60 * minutes;

/** One pair of files per branch, https://secdb.alpinelinux.org. */
const alpine = (branch: string, floor: number): Source => ({
  id: `alpine-${branch}`, title: `Alpine ${branch} security database`, kind: 'distribution', covers: [`Alpine:${branch}`], floor, parse: parseAlpineSecDb, interval: 1 * hours,
  urls: ['main', 'community'].map((repository) => `https://secdb.alpinelinux.org/${branch}/${repository}.json`),
});

const amazonMirrors = (path: string): string => `https://cdn.amazonlinux.com/${path}/mirror.list`;
/** Amazon's repositories of one release, https://docs.aws.amazon.com/linux/. */
const amazon = (release: string, floor: number, lists: readonly string[], extras: readonly string[] = []): Source => ({
  id: `amazon-${release}`, title: `Amazon Linux ${release} notices`, kind: 'distribution', covers: [`Amazon Linux:${release}`], floor, parse: parseUpdateInfo, interval: 6 * hours, urls: [],
  list: amazonRepositories(lists.map(amazonMirrors), extras.map(amazonMirrors)),
});
/** Amazon Linux 2's extras, each a repository. */
const amazonExtras = ['ansible2', 'aws-nitro-enclaves-cli', 'BCC', 'collectd', 'corretto8', 'dnsmasq', 'docker', 'ecs', 'emacs', 'epel', 'firefox', 'gimp', 'golang1.19', 'haproxy2', 'java-openjdk11', 'kernel-5.4', 'kernel-5.10', 'kernel-5.15', 'libreoffice', 'livepatch', 'lustre', 'lynis', 'mariadb10.5', 'mate-desktop1.x', 'memcached1.5', 'mock2', 'nginx1', 'php8.0', 'php8.1', 'php8.2', 'postgresql12', 'postgresql13', 'postgresql14', 'python3.8', 'R3.4', 'redis6', 'ruby3.0', 'rust1', 'selinux-ng', 'squid4', 'tomcat8.5', 'tomcat9', 'unbound1.13', 'unbound1.17', 'vim', 'dovecot'];

const fedora = (release: string): Source => ({
  id: `fedora-${release}`, title: `Fedora ${release} updates`, kind: 'distribution', covers: [`Fedora:${release}`], floor: 1, parse: parseUpdateInfo, interval: 6 * hours, urls: [],
  list: rpmRepositories(`https://dl.fedoraproject.org/pub/fedora/linux/updates/${release}/Everything/x86_64/`, `https://dl.fedoraproject.org/pub/fedora/linux/updates/${release}/Everything/aarch64/`),
});
const epel = (release: string): Source => ({
  id: `epel-${release}`, title: `Extra Packages for Enterprise Linux ${release} updates`, kind: 'distribution', covers: [`EPEL:${release}`], floor: 1, parse: parseUpdateInfo, interval: 6 * hours, urls: [],
  list: rpmRepositories(`https://dl.fedoraproject.org/pub/epel/${release}/Everything/x86_64/`),
});

/** What distributions publish themselves, one line each; what OSV publishes of them is in `sources.ts`. */
export const distributionSources: readonly Source[] = [
  { id: 'debian-tracker', title: 'Debian security tracker', kind: 'distribution', covers: ['Debian'], floor: 40_000, parse: parseDebianTracker, interval: 1 * hours, urls: ['https://security-tracker.debian.org/tracker/data/json'] },
  // The lists the tracker is made from. With the list of CVEs they say all that it says of releases, but not which version a release has: the tracker covers, they add.
  { id: 'debian-lists', repeats: 'debian-tracker', title: 'Debian security lists', kind: 'distribution', covers: [], floor: 9_000, parse: parseDebianLists, interval: 1 * hours, urls: ['CVE', 'DLA', 'DSA', 'DTSA'].map((list) => `https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/${list}/list`) },
  { id: 'debian-oval', repeats: 'debian-tracker', title: 'Debian OVAL', kind: 'distribution', covers: [], floor: 1, parse: parseOval, interval: 12 * hours, urls: ['bullseye', 'bookworm', 'trixie'].map((release) => `https://www.debian.org/security/oval/oval-definitions-${release}.xml.bz2`) },
  // Nobody publishes them together: they are gathered from an archive, and imported.
  { id: 'debian-changelogs', title: 'CVEs in Debian changelogs', kind: 'distribution', covers: [], floor: 1, parse: parseDebianChangelogs, interval: 24 * hours, urls: [] },
  { id: 'ubuntu-cve-tracker', title: 'Ubuntu CVE tracker', kind: 'distribution', covers: ['Ubuntu'], floor: 37_000, parse: parseUbuntuCveTracker, interval: 6 * hours, urls: ['https://git.launchpad.net/ubuntu-cve-tracker/snapshot/ubuntu-cve-tracker-master.tar.gz'] },
  { id: 'ubuntu-oval', repeats: 'ubuntu-cve-tracker', title: 'Ubuntu OVAL', kind: 'distribution', covers: ['Ubuntu'], floor: 1, parse: parseOval, interval: 12 * hours, urls: ['jammy', 'noble', 'questing'].map((series) => `https://security-metadata.canonical.com/oval/com.ubuntu.${series}.cve.oval.xml.bz2`) },
  { id: 'ubuntu-vex', repeats: 'ubuntu-cve-tracker', title: 'Ubuntu VEX', kind: 'distribution', covers: ['Ubuntu'], floor: 1, parse: parseUbuntuVex, interval: 12 * hours, urls: ['https://security-metadata.canonical.com/vex/vex-all.tar.xz'] },
  // What was repaired, and nothing of what was not.
  { id: 'ubuntu-notices', repeats: 'ubuntu-cve-tracker', title: 'Ubuntu security notices', kind: 'distribution', covers: [], floor: 6_000, parse: parseUsnDatabase, interval: 3 * hours, urls: ['https://usn.ubuntu.com/usn-db/database.json.bz2'] },
  // Pages of interfaces that others ask on demand: imported.
  { id: 'ubuntu-cves', title: 'Ubuntu CVEs (API pages)', kind: 'distribution', covers: [], floor: 1, parse: parseUbuntuCves, interval: 24 * hours, urls: [] },
  { id: 'ubuntu-notice-pages', title: 'Ubuntu security notices (API pages)', kind: 'distribution', covers: [], floor: 1, parse: parseUbuntuNotices, interval: 24 * hours, urls: [] },
  { id: 'redhat-cves', title: 'Red Hat CVEs (API documents)', kind: 'distribution', covers: [], floor: 1, parse: parseRedHatCves, interval: 24 * hours, urls: [] },
  { id: 'fedora-bodhi', title: 'Fedora updates (API pages)', kind: 'distribution', covers: [], floor: 1, parse: parseBodhi, interval: 24 * hours, urls: [] },

  alpine('edge', 7_500), alpine('v3.23', 7_000), alpine('v3.22', 6_500), alpine('v3.21', 6_000), alpine('v3.20', 6_000),
  alpine('v3.19', 5_500), alpine('v3.18', 5_000), alpine('v3.17', 4_800), alpine('v3.16', 4_600), alpine('v3.15', 4_000),
  { id: 'wolfi-secdb', title: 'Wolfi security database', kind: 'distribution', covers: ['Wolfi'], floor: 1, parse: parseAlpineSecDb, interval: 1 * hours, urls: ['https://packages.wolfi.dev/os/security.json'] },
  { id: 'chainguard-secdb', title: 'Chainguard security database', kind: 'distribution', covers: ['Chainguard'], floor: 1, parse: parseAlpineSecDb, interval: 1 * hours, urls: ['https://packages.cgr.dev/chainguard/security.json'] },

  { id: 'redhat-vex', title: 'Red Hat VEX', kind: 'distribution', covers: ['Red Hat'], floor: 1, parse: parseCsaf, interval: 12 * hours, urls: [], list: csafDirectory('https://security.access.redhat.com/data/csaf/v2/vex/') },
  // Notices alone: what has no update yet is in VEX.
  { id: 'redhat-csaf', repeats: 'redhat-vex', title: 'Red Hat security advisories (CSAF)', kind: 'distribution', covers: [], floor: 1, parse: parseCsaf, interval: 12 * hours, urls: [], list: csafDirectory('https://security.access.redhat.com/data/csaf/v2/advisories/') },
  // Given up by Red Hat in 2024, and kept where it was mirrored.
  { id: 'redhat-cvrf', title: 'Red Hat security advisories (CVRF)', kind: 'distribution', covers: [], floor: 1, parse: parseCvrf, interval: 24 * hours, urls: [] },
  { id: 'redhat-oval', repeats: 'redhat-vex', title: 'Red Hat OVAL', kind: 'distribution', covers: [], floor: 1, parse: parseOval, interval: 24 * hours, urls: [6, 7, 8, 9].map((major) => `https://security.access.redhat.com/data/oval/v2/RHEL${major}/rhel-${major}${major === 6 ? '-extras' : ''}-including-unpatched.oval.xml.bz2`) },

  { id: 'almalinux-errata', repeats: 'osv-almalinux', title: 'AlmaLinux errata', kind: 'distribution', covers: ['AlmaLinux'], floor: 1, parse: parseAlmaErrata, interval: 6 * hours, urls: [8, 9, 10].map((major) => `https://errata.almalinux.org/${major}/errata.full.json`) },
  { id: 'almalinux-oval', repeats: 'osv-almalinux', title: 'AlmaLinux OVAL', kind: 'distribution', covers: ['AlmaLinux'], floor: 1, parse: parseOval, interval: 12 * hours, urls: [8, 9, 10].map((major) => `https://security.almalinux.org/oval/org.almalinux.alsa-${major}.xml.bz2`) },
  { id: 'rocky-errata', repeats: 'osv-rocky', title: 'Rocky Linux errata', kind: 'distribution', covers: ['Rocky Linux'], floor: 1, parse: parseRockyErrata, interval: 12 * hours, urls: [], list: pages('https://apollo.build.resf.org/api/v3/advisories/', 100) },
  { id: 'oracle-oval', title: 'Oracle Linux OVAL', kind: 'distribution', covers: ['Oracle Linux'], floor: 1, parse: parseOval, interval: 6 * hours, urls: ['https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2'] },

  amazon('2', 1_800, ['2/core/latest/x86_64', '2/core/latest/aarch64'], amazonExtras.map((topic) => `2/extras/${topic}/latest/x86_64`)),
  amazon('2023', 800, ['x86_64', 'aarch64'].map((arch) => `al2023/core/mirrors/latest/${arch}`), ['kernel-livepatch', 'nvidia'].flatMap((topic) => ['x86_64', 'aarch64'].map((arch) => `al2023/${topic}/mirrors/latest/${arch}`))),
  fedora('42'), fedora('43'), epel('8'), epel('9'), epel('10'),

  { id: 'suse-vex', title: 'SUSE VEX', kind: 'distribution', covers: ['SUSE', 'openSUSE'], floor: 1, parse: parseCsaf, interval: 12 * hours, urls: ['https://ftp.suse.com/pub/projects/security/csaf-vex.tar.bz2'] },
  { id: 'suse-csaf', repeats: 'suse-vex', title: 'SUSE security advisories (CSAF)', kind: 'distribution', covers: [], floor: 1, parse: parseCsaf, interval: 12 * hours, urls: ['https://ftp.suse.com/pub/projects/security/csaf.tar.bz2'] },
  // The same notices in their older form.
  { id: 'suse-cvrf', title: 'SUSE security advisories (CVRF)', kind: 'distribution', covers: [], floor: 1, parse: parseCvrf, interval: 24 * hours, urls: ['https://ftp.suse.com/pub/projects/security/cvrf1.2.tar.bz2'] },
  { id: 'suse-oval', repeats: 'suse-vex', title: 'SUSE OVAL', kind: 'distribution', covers: [], floor: 1, parse: parseOval, interval: 24 * hours, urls: ['suse.linux.enterprise.server.12', 'suse.linux.enterprise.15', 'suse.linux.enterprise.16', 'opensuse.leap.15.6', 'opensuse.leap.16.0', 'opensuse.tumbleweed'].map((file) => `https://ftp.suse.com/pub/projects/security/oval/${file}.xml.gz`) },
  { id: 'openeuler-csaf', title: 'openEuler advisories (CSAF)', kind: 'distribution', covers: ['openEuler'], floor: 1, parse: parseCsaf, interval: 24 * hours, urls: [], list: indexedFiles('https://repo.openeuler.org/security/data/csaf/advisories/') },
  { id: 'openeuler-cvrf', title: 'openEuler advisories (CVRF)', kind: 'distribution', covers: ['openEuler'], floor: 1, parse: parseCvrf, interval: 24 * hours, urls: [], list: indexedFiles('https://repo.openeuler.org/security/data/cvrf/') },

  { id: 'azure-linux-oval', title: 'Azure Linux OVAL', kind: 'distribution', covers: ['Azure Linux'], floor: 4_400, parse: parseOval, interval: 6 * hours, urls: ['azurelinux-3.0', 'cbl-mariner-2.0', 'cbl-mariner-1.0'].map((release) => `https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/${release}-oval.xml`) },
  { id: 'photon-oval', repeats: 'photon-cves', title: 'Photon OVAL', kind: 'distribution', covers: ['Photon OS'], floor: 1, parse: parseOval, interval: 12 * hours, urls: [1, 2, 3, 4, 5].map((major) => `https://packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-photon${major}.xml.gz`) },
  { id: 'photon-cves', title: 'Photon CVE data', kind: 'distribution', covers: ['Photon OS'], floor: 1, parse: parsePhotonCves, interval: 12 * hours, urls: ['1.0', '2.0', '3.0', '4.0', '5.0'].map((release) => `https://packages.vmware.com/photon/photon_cve_metadata/cve_data_photon${release}.json`) },

  { id: 'arch', title: 'Arch Linux security tracker', kind: 'distribution', covers: ['Arch Linux'], floor: 2_000, parse: parseArch, interval: 3 * hours, urls: ['https://security.archlinux.org/all.json'] },
  { id: 'gentoo-glsa', title: 'Gentoo security advisories', kind: 'distribution', covers: ['Gentoo'], floor: 2_700, parse: parseGlsa, interval: 12 * hours, urls: ['https://gitweb.gentoo.org/data/glsa.git/snapshot/glsa-master.tar.gz'] },
  // No order of its versions is known here: it says what cannot be told, and covers nothing.
  { id: 'freebsd-vuxml', title: 'FreeBSD VuXML', kind: 'distribution', covers: [], floor: 5_000, parse: parseVuXml, interval: 12 * hours, urls: ['https://vuxml.freebsd.org/freebsd/vuln.xml.xz'] },
];
