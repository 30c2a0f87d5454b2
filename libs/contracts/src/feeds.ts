import { OperatingSystem } from '@plimsoll/inventory';
import { Finding, FindingSummary, NotCovered, Severity, State } from '@plimsoll/matching';
import { z } from 'zod';
import { Digest, DocumentRef, Image, PageRequest, pageOf, Project, Timestamp } from './common.ts';
import { event, request, type Body } from './message.ts';

/** A finding in the few words that lists, policies and messages need. */
export const CompactFinding = Finding.pick({ id: true, severity: true, score: true, state: true, fix_state: true, fixed_version: true, published: true }).extend({
  package: z.string(), version: z.string(), purl: z.string(),
  /** When this platform first saw it in this image. */
  first_seen: z.string().optional(),
  /** CISA says that it is exploited; and how likely that is within 30 days, 0–1. */
  kev: z.boolean().optional(), epss: z.number().min(0).max(1).optional(),
});
export type CompactFinding = z.output<typeof CompactFinding>;

/** An image was judged against a feed revision: after indexing, or again because a revision touched it. */
export const ImageMatched = event('feeds', 'image.matched.v1', {
  /** The push that led here; absent when a new revision did. */
  push: z.uuid().optional(),
  image: Image,
  platform: z.string().optional(),
  os: OperatingSystem.nullable(),
  configuration: z.object({ user: z.string().optional(), created: z.string().optional(), labels: z.record(z.string(), z.string()).optional() }),
  packages: z.int().nonnegative(),
  problems: z.int().nonnegative(),
  revision: z.object({ number: z.int().nonnegative(), published_at: z.string() }),
  summary: FindingSummary,
  /** The worst first, at most 200; `summary` counts all. */
  worst: z.array(CompactFinding).max(200),
  /** Ids that appeared and vanished since the last match of this image, at most 200 each. */
  added: z.array(z.string()).max(200),
  removed: z.array(z.string()).max(200),
});
export type ImageMatched = Body<typeof ImageMatched>;

const Changed = z.object({ added: z.int(), changed: z.int(), removed: z.int() });

/** What one ingest of a source changes: how many records, by severity, and the package names with the most of them. */
export const SourceChange = Changed.extend({
  source: z.string(), records: z.enum(['advisories', 'enrichments', 'statements']).optional(),
  by_severity: z.partialRecord(Severity, Changed).optional(),
  largest: z.array(z.object({ ecosystem: z.string(), name: z.string(), records: z.int() })).max(10).optional(),
});
export type SourceChange = z.output<typeof SourceChange>;

/** The same with severities as a list, the worst first. */
export const RevisionChange = SourceChange.omit({ by_severity: true }).extend({ by_severity: z.array(Changed.extend({ severity: Severity })).optional() });

/** What a revision changed in findings. */
export const BlastRadius = z.object({
  images: z.int().nonnegative(),
  /** Package versions with a finding that came, went or changed. */
  packages: z.int().nonnegative(),
  /** Findings of package versions that came and went. */
  added: z.int().nonnegative(), removed: z.int().nonnegative(),
  /** Those that came, the worst first, at most 50; in how many images is counted for whoever asks, not in the event. */
  vulnerabilities: z.array(z.object({ id: z.string(), severity: Severity, kev: z.boolean().optional(), images: z.int().positive().optional() })).max(50),
});
export type BlastRadius = z.output<typeof BlastRadius>;

/** A new feed revision is readable. `touched_images` is the blast radius. */
export const RevisionPublished = event('feeds', 'revision.published.v1', {
  revision: z.int().positive(),
  published_at: z.string(),
  changes: z.array(SourceChange),
  touched_images: z.int().nonnegative(),
  /** Where it struck: everything, and by project, the most first, at most 100. Who may not see a project must not be told of it. */
  blast_radius: BlastRadius.optional(),
  projects: z.array(z.object({ project: Project, images: z.int().positive() })).max(100).optional(),
});
export type RevisionPublished = Body<typeof RevisionPublished>;

/** A source came in a state that is not believed: broken, shrunk, without a canary. The last good revision goes on serving. */
export const SourceRefused = event('feeds', 'source.refused.v1', {
  source: z.string(), code: z.string(), detail: z.string(),
  /** The revision that goes on serving. */
  revision: z.int().nonnegative(),
  change: SourceChange.optional(),
});
export type SourceRefused = Body<typeof SourceRefused>;

export const SourceStatus = z.object({
  source: z.string(), title: z.string(), advisories: z.int().nonnegative(), kept_aside: z.int().nonnegative(),
  revision: z.int().nonnegative().optional(), updated_at: z.string().optional(), checked_at: z.string().optional(),
  state: z.enum(['ok', 'never', 'stale', 'refused', 'unreachable']), problem: z.string().optional(),
  /** Which records they are: advisories, facts about CVEs, or statements of suppliers. */
  records: z.enum(['advisories', 'enrichments', 'statements']).optional(),
  /** Fewer records than this, fetched from the publisher, are refused. */
  floor: z.int().nonnegative().optional(),
  /** Seconds since it was last looked at with success, and after how many it is looked at again. */
  age_seconds: z.number().nonnegative().optional(), interval_seconds: z.number().nonnegative().optional(),
});
export type SourceStatus = z.output<typeof SourceStatus>;

export const GetFeedsStatus = request('feeds', 'get-status.v1', {}, z.object({
  revision: z.int().nonnegative(), published_at: z.string().optional(), advisories: z.int().nonnegative(), images: z.int().nonnegative(), sources: z.array(SourceStatus),
}));

/** A feed revision, as people name it in `as_of` and `digest@revision`. */
const RevisionNumber = z.int().nonnegative();
/** A CVE, or any id or alias of an advisory. */
export const ProblemName = z.string().min(1).max(128);

/** What a list of findings may be narrowed to. */
export const FindingsFilter = z.object({
  severity: z.array(Severity).optional(), state: z.array(State).optional(), id: ProblemName.optional(), package: z.string().max(512).optional(),
  /** In CISA's catalogue of exploited vulnerabilities, or not. */
  kev: z.boolean().optional(),
  /** Exploited within 30 days at least this likely, 0–1. */
  epss_min: z.number().min(0).max(1).optional(),
  fixable: z.boolean().optional(),
  suppressed: z.boolean().optional(),
});
export type FindingsFilter = z.output<typeof FindingsFilter>;

/** Findings of one image as of the current revision, or of an earlier one. A page ends early where a message would be too large. */
export const GetFindings = request('feeds', 'get-findings.v1', {
  project: Project, digest: Digest, ...FindingsFilter.shape, as_of: RevisionNumber.optional(), ...PageRequest.shape,
}, pageOf(Finding).extend({ revision: RevisionNumber, summary: FindingSummary }));

/** The proof of a finding, as a tree and as words. Problem `finding-missing` when the image has none of that name. */
export const ExplainFinding = request('feeds', 'explain-finding.v1', { project: Project, digest: Digest, id: ProblemName }, z.object({
  revision: RevisionNumber,
  /** One per package, at most 50. */
  findings: z.array(Finding),
  text: z.string(),
}));

/** Why an image does not have a problem, or that it has it; for any image and any name, also of a problem nobody has heard of. */
export const GetWhyNot = request('feeds', 'why-not.v1', { project: Project, digest: Digest, id: ProblemName }, z.object({
  revision: RevisionNumber,
  id: z.string(),
  /** Of all packages it was compared with: `affected` when any is, else `undetermined` when that of any cannot be told, else `not-affected`; `not-mentioned` when no advisory speaks of it for any of them. */
  answer: z.enum(['affected', 'undetermined', 'not-affected', 'not-mentioned']),
  /** Every decision about it, of every state, at most 50. */
  findings: z.array(Finding),
  /** Packages nobody was asked about: the problem may hide there. At most 100. */
  not_covered: z.array(NotCovered),
  not_covered_total: z.int().nonnegative(),
  text: z.string(),
}));

/** One side of a comparison: an image as of a revision. */
export const ImageAsOf = z.object({ digest: Digest, reference: z.string(), revision: RevisionNumber, summary: FindingSummary });
export type ImageAsOf = z.output<typeof ImageAsOf>;

const ChangedPackage = z.object({ name: z.string(), type: z.string(), from: z.array(z.string()), to: z.array(z.string()) });

/** What differs between two images, or between two revisions of one. Lists hold 500 at most; the totals count all. */
export const DiffImages = request('feeds', 'diff-images.v1', {
  project: Project,
  from: z.object({ digest: Digest, revision: RevisionNumber.optional() }),
  to: z.object({ digest: Digest, revision: RevisionNumber.optional() }),
}, z.object({
  from: ImageAsOf, to: ImageAsOf,
  /** Versions of a package that only one of them has; none in `from` means that it came, none in `to` that it went. */
  packages: z.array(ChangedPackage),
  /** The same problem of the same package is one finding, whatever its version. */
  added: z.array(CompactFinding), removed: z.array(CompactFinding),
  /** Of those in both, what differs in state, severity, score or repair. */
  changed: z.array(z.object({ from: CompactFinding, to: CompactFinding })),
  totals: z.object({ packages: z.int().nonnegative(), added: z.int().nonnegative(), removed: z.int().nonnegative(), changed: z.int().nonnegative(), unchanged: z.int().nonnegative() }),
}));

/** An image that has a problem, and in which packages. */
export const AffectedImage = z.object({
  project: Project, digest: Digest, reference: z.string(),
  /** At most 20. */
  packages: z.array(z.object({ purl: z.string(), state: State, severity: Severity, fixed_version: z.string().optional() })),
  first_seen: z.string(),
});
export type AffectedImage = z.output<typeof AffectedImage>;

/** Which images have a problem now. `projects` bounds what the asker may see; absent: all. Suppliers' statements are not applied here. */
export const WhoHas = request('feeds', 'who-has.v1', { id: ProblemName, projects: z.array(Project).optional(), ...PageRequest.shape }, pageOf(AffectedImage).extend({
  revision: RevisionNumber,
  /** Under which names it is kept here: the CVE where there is one. */
  vulnerabilities: z.array(z.string()),
  projects: z.int().nonnegative(),
}));

/** As `SourceChange`, for a list that gRPC can hold too. */

/** A revision kept here: what its sources changed and where that struck. `projects` as in `WhoHas`. */
export const GetRevision = request('feeds', 'get-revision.v1', { revision: z.int().positive(), projects: z.array(Project).optional(), ...PageRequest.shape }, z.object({
  revision: z.int().positive(), published_at: z.string(), changes: z.array(RevisionChange), blast_radius: BlastRadius,
  /** The images it struck, page by page. */
  ...pageOf(z.object({ project: Project, digest: Digest, reference: z.string(), added: z.array(z.string()), removed: z.array(z.string()) })).shape,
}));

/** Statements a project got from its suppliers, or makes itself: which findings are none, and why. */
export const VexDocument = z.object({
  id: z.uuid(), project: Project, name: z.string(), format: z.enum(['openvex', 'cyclonedx', 'csaf']), statements: z.int().positive(), digest: Digest,
  added_by: z.string(), added_at: Timestamp,
});
export type VexDocument = z.output<typeof VexDocument>;

/** Applied to the findings of that project's images when they are read; the images are judged again. The same document twice is one. */
export const AddVex = request('feeds', 'add-vex.v1', { project: Project, name: z.string().min(1).max(256), document: z.string().min(2).max(786_432), added_by: z.string().min(1).max(256) }, VexDocument);
export const ListVex = request('feeds', 'list-vex.v1', { project: Project, ...PageRequest.shape }, pageOf(VexDocument));
export const RemoveVex = request('feeds', 'remove-vex.v1', { project: Project, id: z.uuid(), removed_by: z.string().min(1).max(256) }, VexDocument);

/** A record that could not be read, and why. */
export const KeptAside = z.object({ record: z.string(), code: z.string(), detail: z.string(), excerpt: z.string() });

/** One source in full: what was kept aside and why, what was refused, what it must find. */
export const GetSource = request('feeds', 'get-source.v1', { source: z.string().max(128), limit: z.int().min(1).max(1000).optional() }, SourceStatus.extend({
  ecosystems: z.array(z.object({ ecosystem: z.string(), records: z.int().nonnegative(), covered: z.boolean() })),
  canaries: z.array(z.object({ canary: z.string(), held: z.boolean() })),
  kept_aside_records: z.array(KeptAside),
  refusals: z.array(z.object({ at: z.string(), code: z.string(), detail: z.string(), change: RevisionChange.optional(), kept_aside: z.int().nonnegative(), files: z.string().optional() })),
}));

/** Write the current revision as a signed bundle, whole or as the difference to an earlier revision, into the object store. */
export const ExportBundle = request('feeds', 'export-bundle.v1', { base: z.int().positive().optional() }, z.object({
  revision: z.int().positive(), base: z.int().positive().optional(), name: z.string(), document: DocumentRef,
}));

/** Take in a bundle that lies in the allowed folder of the feeds service, after it was verified whole. */
export const ImportBundle = request('feeds', 'import-bundle.v1', {
  file: z.string().max(4096),
  /** Take it although a later revision of the same platform is here. */
  accept_older: z.boolean().optional(),
  /** Records and canaries that are missing are meant to be. */
  accept_loss: z.boolean().optional(),
}, z.object({
  /** Of this platform. */
  revision: z.int().nonnegative(),
  origin: z.object({ platform: z.uuid(), revision: z.int().positive(), base: z.int().nonnegative().nullable(), made_at: z.string(), key_id: z.string() }),
  sources: z.int().nonnegative(), added: z.int(), changed: z.int(), removed: z.int(),
}));

/** The current revision as the database file of the stand-alone scanner, in the object store. */
export const GetDatabase = request('feeds', 'get-database.v1', {}, z.object({ revision: z.int().positive(), document: DocumentRef }));

/** Take advisories in from a file of the object store or from the source's own address, now. */
export const IngestSource = request('feeds', 'ingest-source.v1', {
  source: z.string().max(128),
  /** A file or directory on the feeds service's disk inside its allowed folder (air-gap); absent: fetch from the source's address. */
  file: z.string().max(4096).optional(),
  /** Whoever calls has looked: records and canaries that are missing are meant to be. */
  accept_loss: z.boolean().optional(),
}, z.object({ revision: z.int().nonnegative(), advisories: z.int().nonnegative(), added: z.int(), changed: z.int(), removed: z.int(), kept_aside: z.int() }));

export { DocumentRef };
