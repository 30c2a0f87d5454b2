import { csafReadings } from './csaf.ts';
import { ofRecord, type Parser, rejected } from './feed.ts';
import { type XmlElement, xmlDocument } from './xml-elements.ts';

/**
 * Reads CVRF 1.1 and 1.2 documents (https://docs.oasis-open.org/csaf/csaf-cvrf/v1.2/) of SUSE, openEuler and Red Hat: the
 * form that came before CSAF, so it is written as CSAF and read as that.
 */
export const parseCvrf: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.xml$/i.test(record.name)) continue;
    try {
      const document = await xmlDocument(record, limits, 'cvrfdoc');
      yield* csafReadings(csafOf(document), record.name, source);
    } catch (error) {
      yield rejected(record.name, ofRecord(error));
    }
  }
};

/** The parts of a document that `csafReadings` reads, under CSAF's names. */
function csafOf(document: XmlElement): object {
  const tree = document.first('ProductTree'), products = (tree === undefined ? [] : fullNames(tree)).map(({ element, arch }) => productOf(element, arch));
  const relationships = (tree?.all('Relationship') ?? []).map((one) => {
    const whole = one.first('FullProductName');
    return { product_reference: one.attribute('ProductReference'), relates_to_product_reference: one.attribute('RelatesToProductReference'), full_product_name: { product_id: whole?.attribute('ProductID') ?? '', name: whole?.text.trim() ?? '' } };
  });
  const byPlatform = packagesWithoutRelationship(products);
  const severity = document.textOf('AggregateSeverity');
  return {
    document: {
      category: document.textOf('DocumentType'), csaf_version: 'CVRF', publisher: { name: publisherOf(document) },
      tracking: {
        id: document.textOf('DocumentTracking', 'Identification', 'ID').replace(/^SUSE (?=CVE-)/, ''),
        initial_release_date: timeOf(document.textOf('DocumentTracking', 'InitialReleaseDate')), current_release_date: timeOf(document.textOf('DocumentTracking', 'CurrentReleaseDate')),
      },
      ...(severity === '' ? {} : { aggregate_severity: { text: severity } }),
    },
    product_tree: {
      branches: products.map((product) => ({ product })),
      relationships: relationships.length > 0 ? relationships : [...byPlatform].flatMap(([platform, packages]) => packages.map((id) => ({ product_reference: id, relates_to_product_reference: platform, full_product_name: { product_id: `${platform}:${id}`, name: id } }))),
    },
    vulnerabilities: document.all('Vulnerability').map((one) => vulnerabilityOf(one, byPlatform)),
  };
}

/** Every product named in a tree, with the architecture of the branch it stands in. */
function fullNames(branch: XmlElement, arch?: string): { element: XmlElement; arch: string | undefined }[] {
  const inside = branch.attribute('Type') === 'Package Arch' ? branch.attribute('Name') : arch;
  return [...branch.all('FullProductName').map((element) => ({ element, arch: inside })), ...branch.all('Branch').flatMap((child) => fullNames(child, inside))];
}

interface Named { readonly product_id: string; readonly name: string; readonly isPackage: boolean; readonly product_identification_helper: { readonly cpe: string; readonly purl?: string } }

function productOf(element: XmlElement, arch: string | undefined): Named {
  const name = element.text.trim(), id = element.attribute('ProductID'), cpe = element.attribute('CPE');
  // Red Hat names sources, and their version with its epoch: `kernel-0:4.18.0-372.75.1.el8_6`.
  const [, source, epoch, evr] = /^(.+)-(\d+):([^-:]+-[^-:]+)$/.exec(id) ?? [];
  const helper = source === undefined ? { cpe } : { cpe, purl: `pkg:rpm/redhat/${source}@${encodeURIComponent(evr!)}?arch=src&epoch=${epoch}` };
  // openEuler calls the builds of all architectures alike; their files have names of their own.
  return { product_id: arch === undefined ? id : name, name, isPackage: arch !== undefined, product_identification_helper: helper };
}

/** openEuler puts packages and releases beside each other: what has a release's CPE is of it. */
function packagesWithoutRelationship(products: readonly Named[]): ReadonlyMap<string, readonly string[]> {
  const cpeOf = (one: Named) => one.product_identification_helper.cpe, packages = Map.groupBy(products.filter(({ isPackage }) => isPackage), cpeOf);
  return new Map(products.flatMap((product) => product.isPackage || cpeOf(product) === '' ? [] : [[product.product_id, [...new Set(packages.get(cpeOf(product))?.map((one) => one.product_id))]] as const]));
}

function vulnerabilityOf(element: XmlElement, byPlatform: ReadonlyMap<string, readonly string[]>): object {
  const status: Record<string, string[]> = {};
  for (const one of element.all('ProductStatuses', 'Status')) {
    const ids = one.all('ProductID').map(({ text }) => text.trim());
    (status[one.attribute('Type').toLowerCase().replaceAll(' ', '_')] ??= []).push(...ids.flatMap((id) => byPlatform.get(id)?.map((inside) => `${id}:${inside}`) ?? [id]));
  }
  return {
    cve: element.textOf('CVE'), title: element.textOf('Title'), release_date: timeOf(element.textOf('ReleaseDate')), product_status: status,
    threats: element.all('Threats', 'Threat').map((one) => ({ category: one.attribute('Type').toLowerCase(), details: one.textOf('Description'), product_ids: one.all('ProductID').map(({ text }) => text.trim()) })),
    remediations: element.all('Remediations', 'Remediation').map((one) => ({ category: one.attribute('Type').toLowerCase().replace('will not fix', 'no fix planned').replaceAll(' ', '_'), details: one.textOf('Description'), product_ids: one.all('ProductID').map(({ text }) => text.trim()) })),
    scores: [...element.all('CVSSScoreSets', 'ScoreSetV3').map((one) => one.textOf('VectorV3') || one.textOf('Vector')), ...element.all('CVSSScoreSets', 'ScoreSet').map((one) => one.textOf('Vector'))]
      .filter((vector) => /(?:^CVSS:3|\/PR:)/.test(vector)).map((vector) => ({ cvss_v3: { vectorString: vector.startsWith('CVSS:') ? vector : `CVSS:3.1/${vector}` } })),
    references: element.all('References', 'Reference').map((one) => ({ url: one.textOf('URL') })),
  };
}

/** Called as their CSAF calls them. */
function publisherOf(document: XmlElement): string {
  const publisher = document.first('DocumentPublisher'), named = `${publisher?.textOf('IssuingAuthority') ?? ''} ${publisher?.textOf('ContactDetails') ?? ''}`;
  return /\bredhat\.com|Red Hat/i.test(named) ? 'Red Hat' : /\bSUSE\b/i.test(named) ? 'SUSE' : /\bopenEuler\b/i.test(named) ? 'openEuler' : named.trim();
}

const timeOf = (text: string): string | undefined => /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text === '' ? undefined : text;
