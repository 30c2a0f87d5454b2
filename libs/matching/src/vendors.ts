import type { Package } from '@plimsoll/inventory';

/**
 * Maintainers of Debian packages that are not Debian's: the company in their address or name. It cannot be done the
 * other way round: many of Debian's own maintainers use private addresses. Adding a vendor is one line.
 */
const debThirdParties: readonly RegExp[] = [
  /[@.](?:nginx|f5|docker|nodesource|hashicorp|elastic|mongodb|gitlab|grafana|influxdata|datadoghq|confluent|redis|rabbitmq|cloudflare|nvidia|microsoft|percona|mariadb|clickhouse|newrelic|splunk|vmware|broadcom|tailscale|varnish-software|haproxy|zabbix|saltstack|puppet|cockroachlabs|timescale|citusdata|yarnpkg|azul|bell-sw|adoptium)\.(?:com|org|net|io|co|dev)\b/i,
  /\bmysql@|@oracle\.com|MySQL Release Engineering/i,
  /^Google (?:Cloud|Chrome|LLC|Inc)|@google\.com|chromium-dev@chromium\.org/i,
  /^(?:Docker|GitHub|Jenkins|Oracle|Amazon|AWS)\b(?!.*@(?:[\w-]+\.)*debian\.)/i,
];
/** Marks that repositories outside Debian put into versions they rebuild, keeping Debian's maintainer: PGDG and deb.sury.org. */
const debThirdPartyVersion = /\.pgdg|\+0~\d{8}\.|deb\.sury/;

/** By ecosystem family: what rpm `Vendor` says on the distribution's own packages (EPEL's say `Fedora Project`). */
const rpmVendors: Readonly<Record<string, RegExp>> = {
  AlmaLinux: /almalinux/i,
  'Rocky Linux': /rocky/i,
  'Red Hat': /red hat|centos/i,
  'Oracle Linux': /oracle/i,
  'Amazon Linux': /amazon/i,
  Fedora: /fedora/i,
  'Photon OS': /vmware|broadcom/i,
  'Azure Linux': /microsoft/i,
  SUSE: /suse/i,
  openSUSE: /suse/i,
  Mageia: /mageia/i,
  openEuler: /openeuler/i,
};

/** True when a package's database entry shows that somebody other than the distribution built it: then the distribution's advisories say nothing of it. */
export function isThirdParty(found: Package, family: string): boolean {
  switch (found.type) {
    case 'deb':
      return (found.vendor !== undefined && debThirdParties.some((party) => party.test(found.vendor!))) || debThirdPartyVersion.test(found.version);
    case 'rpm': {
      const own = rpmVendors[family];
      return own !== undefined && found.vendor !== undefined && found.vendor !== '' && !own.test(found.vendor);
    }
    default: return false;
  }
}
