import { Inventory, OperatingSystem } from '@plimsoll/inventory';
import { FindingSummary, Severity, State } from '@plimsoll/matching';
import { z } from 'zod';
import { Digest, PageRequest, pageOf, ProblemBody, Project, Timestamp } from './common.ts';
import { AddVex, DiffImages, ExplainFinding, GetFeedsStatus, GetFindings, GetRevision, GetSource, GetWhyNot, ImportBundle, IngestSource, ListVex, ProblemName, VexDocument, WhoHas } from './feeds.ts';
import { Priority } from './gateway.ts';
import { CreateProject, CreateToken, CreateUser, GetJwks, GetTrustBundle, GrantRole, ListProjects, ListTokens, Login, RedeemBootstrap } from './identity.ts';
import { CreateSubscription, Delivery, ListDeliveries, ListSubscriptions, ResumeSubscription, RotateSecret } from './notifier.ts';
import { flag, listOf, operation, type Operation } from './operation.ts';
import { CreateException, GetPolicy, GetVerdict, ListExceptions, PolicyException, Reason, ReplayPolicy, SetPolicy, VerdictDecision } from './policy.ts';
import { AddBase, FoundScan, ListBases, ListPlatforms, RegisteredBase, RemoveBase, ScanProgress } from './scanner.ts';

/** How far a push is: `pushed` waits in the queue, `indexing` is being read; `judged`, `rejected` and `cancelled` end it. */
export const PushState = z.enum(['pushed', 'indexing', 'indexed', 'matched', 'judged', 'rejected', 'cancelled']);
export type PushState = z.output<typeof PushState>;

export const Progress = ScanProgress.omit({ push: true, project: true });
export type Progress = z.output<typeof Progress>;

/** One push, from acceptance to verdict: what a person or pipeline polls. */
export const PushOperation = z.object({
  id: z.uuid(), project: Project, target: z.string(), platform: z.string().optional(), digest: Digest.optional(),
  state: PushState, done: z.boolean(),
  priority: Priority,
  /** Where it is in the queue and among the scanners, while it is there. */
  scan: FoundScan.omit({ push: true, priority: true }).optional(),
  progress: Progress.optional(),
  /** Why it was rejected. */
  problem: ProblemBody.optional(),
  /** Why it was cancelled. */
  why: z.string().optional(),
  decision: VerdictDecision.optional(),
  /** Notifications that reached somebody because of this push. */
  notifications: z.int().nonnegative(),
  trace_id: z.string().optional(),
  created_at: Timestamp, updated_at: Timestamp,
  links: z.object({ self: z.string(), events: z.string(), image: z.string().optional(), findings: z.string().optional(), verdict: z.string().optional() }),
});
export type PushOperation = z.output<typeof PushOperation>;

/** One image in a list: what is known of it at a glance. `digest` is absent when it was rejected before anybody knew it. */
export const ImageItem = z.object({
  project: Project, digest: Digest.optional(), reference: z.string(), platform: z.string().optional(), os: OperatingSystem.optional(),
  state: z.enum(['indexed', 'matched', 'judged', 'rejected']),
  packages: z.int().nonnegative().optional(),
  /** Parts that could not be read; above zero the inventory is partial. */
  problems: z.int().nonnegative().optional(),
  problem: ProblemBody.optional(),
  revision: z.int().nonnegative().optional(), summary: FindingSummary.optional(),
  decision: VerdictDecision.optional(), decided_at: Timestamp.optional(),
  created_at: Timestamp, updated_at: Timestamp,
});
export type ImageItem = z.output<typeof ImageItem>;

export const ImageEventType = z.enum(['image.pushed', 'image.indexing', 'image.indexed', 'image.rejected', 'image.matched', 'verdict.changed', 'push.judged', 'notification.delivered', 'scan.cancelled', 'image.forgotten']);
export type ImageEventType = z.output<typeof ImageEventType>;

/** Something that happened to an image. `image.indexing` is live only and has no id: nobody resumes after it. */
export const ImageEvent = z.object({
  id: z.string().optional(), type: ImageEventType, at: Timestamp,
  project: Project, push: z.uuid().optional(), digest: Digest.optional(), reference: z.string().optional(),
  progress: Progress.optional(),
  packages: z.int().nonnegative().optional(),
  revision: z.int().nonnegative().optional(), summary: FindingSummary.optional(), added: z.array(z.string()).optional(), removed: z.array(z.string()).optional(),
  decision: VerdictDecision.optional(), previous: VerdictDecision.optional(), reasons: z.array(Reason).optional(),
  problem: ProblemBody.optional(),
  channel: z.string().optional(), trace_id: z.string().optional(),
  /** Why a scan was cancelled, or an image forgotten. */
  why: z.string().optional(),
});
export type ImageEvent = z.output<typeof ImageEvent>;

/** What a project keeps of its images, and how often it looks at its tags again. Nothing said: everything, and never. */
export const Upkeep = z.object({
  /** Images of each repository that stay, by their last push. */
  keep_last: z.int().min(1).max(10_000).optional(),
  /** Days after its last push that an image stays. An image stays while either rule keeps it, and while an admission asked for it in the last 30 days. */
  keep_days: z.int().min(1).max(3650).optional(),
  /** Days after which each tag is looked up again, because it may have moved. */
  rescan_days: z.number().min(0.01).max(365).optional(),
});
export type Upkeep = z.output<typeof Upkeep>;

/** RFC 9457 with what this house adds. */
export const ProblemDocument = z.object({
  type: z.string(), title: z.string(), status: z.int(), detail: z.string(), code: z.string(),
  errors: z.array(z.object({ detail: z.string(), pointer: z.string().optional(), where: z.string().optional() })).optional(),
  trace_id: z.string().optional(), instance: z.string().optional(),
});
export type ProblemDocument = z.output<typeof ProblemDocument>;

export const Version = z.object({ name: z.string(), version: z.string(), api: z.string(), feed_revision: z.int().nonnegative().optional() });
export type Version = z.output<typeof Version>;

const project = { project: Project };
const image = { project: Project, digest: Digest };
/** `sha256:…`, or `sha256:…@17` as of a feed revision. */
const DigestAsOf = z.string().regex(/^sha256:[0-9a-f]{64}(?:@\d{1,9})?$/);
const Id = z.string().min(1).max(128);
const nothing = z.object({});

/** Everything the public door does. A test holds it against the routes, the gRPC services and the OpenAPI document. */
export const operations = {
  // Images
  submitImage: operation({
    id: 'submitImage', method: 'POST', path: '/v1/projects/{project}/images', group: 'Images', rpc: 'SubmitImage', scope: 'images:write', status: 202,
    summary: 'Submit an image to be indexed, matched and judged',
    description: 'Answers at once with the operation to follow. With an Idempotency-Key the same submission is made once, however often it is sent.',
    params: project,
    body: {
      /** As skopeo names it; usually a registry reference. */
      target: z.string().min(1).max(4096), platform: z.string().min(1).max(64).optional(),
      /** `admission` is for somebody who waits for the answer to start a workload; `scheduled` for what has time. Projects take turns within a priority. */
      priority: Priority.default('push'),
    },
    answer: PushOperation, location: ({ links }) => links.self,
  }),
  listPlatforms: operation({
    id: 'listPlatforms', method: 'GET', path: '/v1/projects/{project}/platforms', group: 'Images', rpc: 'ListPlatforms', scope: 'images:write', status: 200,
    summary: 'For which platforms an image is there, asked of its registry now', description: 'Each is submitted by itself, with `platform`.',
    params: project, query: { target: z.string().min(1).max(4096) }, answer: ListPlatforms.answer, seconds: 25,
  }),
  listOperations: operation({
    id: 'listOperations', method: 'GET', path: '/v1/projects/{project}/operations', group: 'Images', rpc: 'ListOperations', scope: 'images:read', status: 200,
    summary: 'Pushes, the newest first', params: project,
    query: {
      /** `pushed` stands for all that are not indexed yet, waiting or being read. */
      state: listOf(PushState.exclude(['indexing'])).optional(),
      /** Only those that have not ended. */
      open: flag.optional(),
      ...PageRequest.shape,
    },
    answer: pageOf(PushOperation),
  }),
  cancelOperation: operation({
    id: 'cancelOperation', method: 'POST', path: '/v1/projects/{project}/operations/{push}/cancel', group: 'Images', rpc: 'CancelOperation', scope: 'images:write', status: 200,
    summary: 'End a push that is not read yet', description: 'Possible until the image is indexed; then the answer is 409 `scan-ended`. What was read of its layers is kept.',
    params: { project: Project, push: z.uuid() }, answer: PushOperation,
  }),
  getOperation: operation({
    id: 'getOperation', method: 'GET', path: '/v1/projects/{project}/operations/{push}', group: 'Images', rpc: 'GetOperation', scope: 'images:read', status: 200,
    summary: 'How far a push is', params: { project: Project, push: z.uuid() }, answer: PushOperation,
  }),
  listImages: operation({
    id: 'listImages', method: 'GET', path: '/v1/projects/{project}/images', group: 'Images', rpc: 'ListImages', scope: 'images:read', status: 200,
    summary: 'List images with what is known of each', params: project,
    query: {
      decision: listOf(VerdictDecision).optional(), state: listOf(ImageItem.shape.state).optional(),
      /** Images with at least one affected finding of any of these severities. */
      severity: listOf(Severity).optional(),
      /** Part of the reference or digest. */
      search: z.string().min(1).max(256).optional(),
      sort: z.enum(['newest', 'reference']).default('newest'),
      ...PageRequest.shape,
    },
    answer: pageOf(ImageItem),
  }),
  getImage: operation({
    id: 'getImage', method: 'GET', path: '/v1/projects/{project}/images/{digest}', group: 'Images', rpc: 'GetImage', scope: 'images:read', status: 200,
    summary: 'One image', params: image, answer: ImageItem,
  }),
  deleteImage: operation({
    id: 'deleteImage', method: 'DELETE', path: '/v1/projects/{project}/images/{digest}', group: 'Images', rpc: 'DeleteImage', scope: 'images:write', status: 204,
    summary: 'Forget an image: its findings, verdicts and events in this project', description: 'Every service forgets it, in seconds. A later push of the same image brings it back.', params: image, answer: nothing,
  }),
  getUpkeep: operation({
    id: 'getUpkeep', method: 'GET', path: '/v1/projects/{project}/upkeep', group: 'Images', rpc: 'GetUpkeep', scope: 'images:read', status: 200,
    summary: 'What the project keeps, and how often it looks again', params: project, answer: Upkeep,
  }),
  setUpkeep: operation({
    id: 'setUpkeep', method: 'PUT', path: '/v1/projects/{project}/upkeep', group: 'Images', rpc: 'SetUpkeep', scope: 'images:write', status: 200,
    summary: 'Change what the project keeps, and how often it looks again', params: project, body: Upkeep.shape, answer: Upkeep,
  }),
  addBase: operation({
    id: 'addBase', method: 'POST', path: '/v1/projects/{project}/bases', group: 'Images', rpc: 'AddBase', scope: 'policy:write', status: 201,
    summary: 'Approve a base image',
    description: 'The image that `target` names now, for one platform. Images whose lowest layers are its layers are built on it: their inventory and findings say what comes from the base.',
    params: project, body: { target: AddBase.body.shape.target, platform: AddBase.body.shape.platform, name: AddBase.body.shape.name },
    answer: RegisteredBase, seconds: 60,
  }),
  listBases: operation({
    id: 'listBases', method: 'GET', path: '/v1/projects/{project}/bases', group: 'Images', rpc: 'ListBases', scope: 'images:read', status: 200,
    summary: 'The approved base images', params: project, answer: ListBases.answer,
  }),
  removeBase: operation({
    id: 'removeBase', method: 'DELETE', path: '/v1/projects/{project}/bases/{id}', group: 'Images', rpc: 'RemoveBase', scope: 'policy:write', status: 204,
    summary: 'Approve a base image no longer', params: { project: Project, id: Digest }, answer: RemoveBase.answer,
  }),
  getInventory: operation({
    id: 'getInventory', method: 'GET', path: '/v1/projects/{project}/images/{digest}/inventory', group: 'Images', rpc: 'GetInventory', scope: 'images:read', status: 200,
    summary: 'Everything inside an image', params: image, answer: Inventory, seconds: 60,
  }),
  listFindings: operation({
    id: 'listFindings', method: 'GET', path: '/v1/projects/{project}/images/{digest}/findings', group: 'Images', rpc: 'ListFindings', scope: 'images:read', status: 200,
    summary: 'What is wrong with an image, as of the current feed revision or an earlier one', params: image,
    query: {
      severity: listOf(Severity).optional(), state: listOf(State).optional(), id: ProblemName.optional(), package: z.string().max(512).optional(),
      kev: flag.optional(), epss_min: z.coerce.number().min(0).max(1).optional(), fixable: flag.optional(), suppressed: flag.optional(),
      as_of: z.coerce.number().int().nonnegative().optional(),
      ...PageRequest.shape,
    },
    answer: GetFindings.answer,
  }),
  explainFinding: operation({
    id: 'explainFinding', method: 'GET', path: '/v1/projects/{project}/images/{digest}/findings/{id}/explain', group: 'Images', rpc: 'ExplainFinding', scope: 'images:read', status: 200,
    summary: 'The proof of a finding: file, layer, package, advisory, comparator, range', params: { ...image, id: ProblemName }, answer: ExplainFinding.answer, seconds: 60,
  }),
  whyNot: operation({
    id: 'whyNot', method: 'GET', path: '/v1/projects/{project}/images/{digest}/why-not/{id}', group: 'Images', rpc: 'WhyNot', scope: 'images:read', status: 200,
    summary: 'Why an image does not have a problem', description: 'For any image and any CVE or advisory, also one that nobody has heard of.', params: { ...image, id: ProblemName }, answer: GetWhyNot.answer, seconds: 60,
  }),
  diffImages: operation({
    id: 'diffImages', method: 'GET', path: '/v1/projects/{project}/diff', group: 'Images', rpc: 'DiffImages', scope: 'images:read', status: 200,
    summary: 'What differs between two images, or between two revisions of one', description: 'Each side is a digest, or `digest@revision` for its findings as of a feed revision.', params: project,
    query: { from: DigestAsOf, to: DigestAsOf }, answer: DiffImages.answer, seconds: 60,
  }),
  getVerdict: operation({
    id: 'getVerdict', method: 'GET', path: '/v1/projects/{project}/images/{digest}/verdict', group: 'Images', rpc: 'GetVerdict', scope: 'images:read', status: 200,
    summary: 'Whether an image may sail, why, and what was decided before', params: image, answer: GetVerdict.answer,
  }),
  getVerdictByReference: operation({
    id: 'getVerdictByReference', method: 'GET', path: '/v1/projects/{project}/verdict', group: 'Images', rpc: 'GetVerdictByReference', scope: 'images:read', status: 200,
    summary: 'The verdict of an image that was rejected before its digest was known', params: project, query: { reference: z.string().min(1).max(4096) }, answer: GetVerdict.answer,
  }),
  watchImage: operation({
    id: 'watchImage', method: 'GET', path: '/v1/projects/{project}/images/{digest}/events', group: 'Images', rpc: 'WatchImage', scope: 'images:read', status: 200, streams: true,
    summary: 'What happened to an image, and what happens next',
    description: 'First the history, then live. Resume with the Last-Event-ID header or `after`.',
    params: image, query: { after: z.string().regex(/^\d{1,18}$/).optional() }, answer: ImageEvent,
  }),
  watchProject: operation({
    id: 'watchProject', method: 'GET', path: '/v1/projects/{project}/events', group: 'Images', rpc: 'WatchProject', scope: 'images:read', status: 200, streams: true,
    summary: 'What happens in a project, or to one push',
    description: 'Live; with `push` also the history of that push. Resume with the Last-Event-ID header or `after`.',
    params: project, query: { push: z.uuid().optional(), after: z.string().regex(/^\d{1,18}$/).optional() }, answer: ImageEvent,
  }),
  registryWebhook: operation({
    id: 'registryWebhook', method: 'POST', path: '/v1/projects/{project}/webhooks/registry', group: 'Images', scope: 'images:write', status: 202,
    rpc: { none: 'registries speak HTTP only' },
    summary: 'A registry tells of pushed images',
    description: 'Takes the notifications of CNCF Distribution and the webhooks of Harbor (default and CloudEvents payloads). Other events are counted and ignored. When a secret is set, the body must be signed: `X-Hub-Signature-256` or Standard Webhooks.',
    params: project,
    foreignBody: ['application/json', 'application/vnd.docker.distribution.events.v1+json', 'application/vnd.docker.distribution.events.v2+json', 'application/cloudevents+json'],
    answer: z.object({ accepted: z.array(z.object({ push: z.uuid(), target: z.string() })), ignored: z.int().nonnegative() }),
  }),

  // Feeds
  getFeeds: operation({
    id: 'getFeeds', method: 'GET', path: '/v1/feeds', group: 'Feeds', rpc: 'GetFeeds', scope: 'feeds:read', status: 200,
    summary: 'Every advisory source: its state, age and size', answer: GetFeedsStatus.answer,
  }),
  ingestSource: operation({
    id: 'ingestSource', method: 'POST', path: '/v1/feeds/{source}/ingest', group: 'Feeds', rpc: 'IngestSource', scope: 'feeds:write', everywhere: true, status: 200, seconds: 600,
    summary: 'Take a source in now, from its address or from a file of the feeds service', params: { source: z.string().min(1).max(128) }, body: { file: z.string().max(4096).optional(), accept_loss: z.boolean().optional() }, answer: IngestSource.answer,
  }),

  getSource: operation({
    id: 'getSource', method: 'GET', path: '/v1/sources/{source}', group: 'Feeds', rpc: 'GetSource', scope: 'feeds:read', status: 200,
    summary: 'One source: records kept aside and why, refusals, canaries, ecosystems', params: { source: z.string().min(1).max(128) }, query: { limit: z.coerce.number().int().min(1).max(1000).optional() }, answer: GetSource.answer,
  }),
  exportBundle: operation({
    id: 'exportBundle', method: 'GET', path: '/v1/feeds/bundle', group: 'Feeds', scope: 'feeds:write', everywhere: true, status: 200, seconds: 600, mediaType: 'application/x-tar',
    rpc: { none: 'a file of any size, which HTTP streams' },
    summary: 'The current revision as a signed bundle, for a platform without a network', description: 'Whole, or with `base` the difference to an earlier revision.', query: { base: z.coerce.number().int().positive().optional() }, answer: z.any(),
  }),
  importBundle: operation({
    id: 'importBundle', method: 'POST', path: '/v1/feeds/import', group: 'Feeds', rpc: 'ImportBundle', scope: 'feeds:write', everywhere: true, status: 200, seconds: 600,
    summary: 'Take a bundle in that lies in the allowed folder of the feeds service', body: { file: z.string().min(1).max(4096), accept_older: z.boolean().optional(), accept_loss: z.boolean().optional() }, answer: ImportBundle.answer,
  }),
  getDatabase: operation({
    id: 'getDatabase', method: 'GET', path: '/v1/feeds/database', group: 'Feeds', scope: 'feeds:read', status: 200, seconds: 600, mediaType: 'application/octet-stream',
    rpc: { none: 'a file of any size, which HTTP streams' },
    summary: 'The current revision as the database file of the stand-alone scanner', answer: z.any(),
  }),
  getRevision: operation({
    id: 'getRevision', method: 'GET', path: '/v1/revisions/{revision}', group: 'Feeds', rpc: 'GetRevision', scope: 'feeds:read', status: 200,
    summary: 'What a feed revision changed, and which of your images it struck', params: { revision: z.coerce.number().int().positive() }, query: PageRequest.shape, answer: GetRevision.answer,
  }),
  whoHas: operation({
    id: 'whoHas', method: 'GET', path: '/v1/vulnerabilities/{id}', group: 'Feeds', rpc: 'WhoHas', scope: 'images:read', status: 200,
    summary: 'Which of your images have a vulnerability now', params: { id: ProblemName }, query: PageRequest.shape, answer: WhoHas.answer,
  }),
  addVex: operation({
    id: 'addVex', method: 'POST', path: '/v1/projects/{project}/vex', group: 'Feeds', rpc: 'AddVex', scope: 'policy:write', status: 201,
    summary: 'Add a VEX document: what suppliers say of vulnerabilities in this project', description: 'OpenVEX, CycloneDX or CSAF, as text. Findings it takes back are shown and not counted; the images of the project are judged again.', params: project,
    body: { name: AddVex.body.shape.name, document: AddVex.body.shape.document }, answer: VexDocument,
  }),
  listVex: operation({
    id: 'listVex', method: 'GET', path: '/v1/projects/{project}/vex', group: 'Feeds', rpc: 'ListVex', scope: 'policy:read', status: 200,
    summary: 'The VEX documents of a project', params: project, query: PageRequest.shape, answer: ListVex.answer,
  }),
  removeVex: operation({
    id: 'removeVex', method: 'DELETE', path: '/v1/projects/{project}/vex/{id}', group: 'Feeds', rpc: 'RemoveVex', scope: 'policy:write', status: 200,
    summary: 'Remove a VEX document; what it took back counts again', params: { project: Project, id: z.uuid() }, answer: VexDocument,
  }),

  // Policies
  getPolicy: operation({
    id: 'getPolicy', method: 'GET', path: '/v1/projects/{project}/policy', group: 'Policies', rpc: 'GetPolicy', scope: 'policy:read', status: 200,
    summary: 'The policy in force', params: project, answer: GetPolicy.answer,
  }),
  setPolicy: operation({
    id: 'setPolicy', method: 'PUT', path: '/v1/projects/{project}/policy', group: 'Policies', rpc: 'SetPolicy', scope: 'policy:write', status: 200,
    summary: 'Replace the policy; every image of the project is judged again', params: project, body: { document: z.string().min(1).max(262_144) }, answer: SetPolicy.answer,
  }),
  replayPolicy: operation({
    id: 'replayPolicy', method: 'POST', path: '/v1/projects/{project}/policy/replay', group: 'Policies', rpc: 'ReplayPolicy', scope: 'policy:read', status: 200, seconds: 120,
    summary: 'What a policy would say of every image, without putting it in force', params: project, body: { document: ReplayPolicy.body.shape.document }, answer: ReplayPolicy.answer,
  }),
  createException: operation({
    id: 'createException', method: 'POST', path: '/v1/projects/{project}/exceptions', group: 'Policies', rpc: 'CreateException', scope: 'policy:write', status: 201,
    summary: 'Live with a finding or a rule\'s violation for a while', description: 'Whoever calls approves; `requested_by` names who asked, when that is somebody else.', params: project,
    body: {
      scope: CreateException.body.shape.scope, finding: CreateException.body.shape.finding, package: CreateException.body.shape.package, rule: CreateException.body.shape.rule,
      until: CreateException.body.shape.until, reason: CreateException.body.shape.reason, requested_by: CreateException.body.shape.requested_by.optional(),
    },
    answer: PolicyException,
  }),
  listExceptions: operation({
    id: 'listExceptions', method: 'GET', path: '/v1/projects/{project}/exceptions', group: 'Policies', rpc: 'ListExceptions', scope: 'policy:read', status: 200,
    summary: 'Exceptions, active, expired and revoked', params: project, query: { state: PolicyException.shape.state.optional(), ...PageRequest.shape }, answer: ListExceptions.answer,
  }),
  revokeException: operation({
    id: 'revokeException', method: 'DELETE', path: '/v1/projects/{project}/exceptions/{id}', group: 'Policies', rpc: 'RevokeException', scope: 'policy:write', status: 200,
    summary: 'End an exception now', params: { project: Project, id: z.uuid() }, answer: PolicyException,
  }),

  // Subscriptions
  createSubscription: operation({
    id: 'createSubscription', method: 'POST', path: '/v1/projects/{project}/subscriptions', group: 'Subscriptions', rpc: 'CreateSubscription', scope: 'subscriptions:write', status: 201,
    summary: 'Tell somebody', params: project,
    body: { name: CreateSubscription.body.shape.name, filter: CreateSubscription.body.shape.filter, channel: CreateSubscription.body.shape.channel },
    answer: CreateSubscription.answer,
  }),
  listSubscriptions: operation({
    id: 'listSubscriptions', method: 'GET', path: '/v1/projects/{project}/subscriptions', group: 'Subscriptions', rpc: 'ListSubscriptions', scope: 'subscriptions:read', status: 200,
    summary: 'Who is told of what', params: project, query: PageRequest.shape, answer: ListSubscriptions.answer,
  }),
  deleteSubscription: operation({
    id: 'deleteSubscription', method: 'DELETE', path: '/v1/projects/{project}/subscriptions/{id}', group: 'Subscriptions', rpc: 'DeleteSubscription', scope: 'subscriptions:write', status: 204,
    summary: 'Tell them no more', params: { project: Project, id: z.uuid() }, answer: nothing,
  }),
  resumeSubscription: operation({
    id: 'resumeSubscription', method: 'POST', path: '/v1/projects/{project}/subscriptions/{id}/resume', group: 'Subscriptions', rpc: 'ResumeSubscription', scope: 'subscriptions:write', status: 200,
    summary: 'Take up again what its receiver ended with 410 Gone', params: { project: Project, id: z.uuid() }, answer: ResumeSubscription.answer,
  }),
  rotateSecret: operation({
    id: 'rotateSecret', method: 'POST', path: '/v1/projects/{project}/subscriptions/{id}/rotate-secret', group: 'Subscriptions', rpc: 'RotateSecret', scope: 'subscriptions:write', status: 200,
    summary: 'A new webhook secret; the old one signs too for a while', params: { project: Project, id: z.uuid() }, answer: RotateSecret.answer,
  }),
  listDeliveries: operation({
    id: 'listDeliveries', method: 'GET', path: '/v1/projects/{project}/deliveries', group: 'Subscriptions', rpc: 'ListDeliveries', scope: 'subscriptions:read', status: 200,
    summary: 'Which notifications were sent and what came back', params: project,
    query: { subscription: z.uuid().optional(), state: Delivery.shape.state.optional(), digest: Digest.optional(), ...PageRequest.shape }, answer: ListDeliveries.answer,
  }),
  replayDelivery: operation({
    id: 'replayDelivery', method: 'POST', path: '/v1/projects/{project}/deliveries/{id}/replay', group: 'Subscriptions', rpc: 'ReplayDelivery', scope: 'subscriptions:write', status: 202,
    summary: 'Send a notification again', params: { project: Project, id: z.uuid() }, answer: Delivery,
  }),

  // Identity
  login: operation({
    id: 'login', method: 'POST', path: '/v1/login', group: 'Identity', rpc: 'Login', scope: 'public', status: 200,
    summary: 'Exchange a password for a short-lived access token', body: { identifier: z.string().min(1).max(320), password: z.string().min(1).max(1024) }, answer: Login.answer,
  }),
  redeemBootstrap: operation({
    id: 'redeemBootstrap', method: 'POST', path: '/v1/bootstrap', group: 'Identity', rpc: 'RedeemBootstrap', scope: 'public', status: 201,
    summary: 'Make the first administrator with the one-time token of the first start', body: { token: RedeemBootstrap.body.shape.token, password: RedeemBootstrap.body.shape.password }, answer: RedeemBootstrap.answer,
  }),
  createProject: operation({
    id: 'createProject', method: 'POST', path: '/v1/projects', group: 'Identity', rpc: 'CreateProject', scope: 'admin', everywhere: true, status: 201,
    summary: 'Make a project', body: { name: Project }, answer: CreateProject.answer, location: ({ name }) => `/v1/projects/${name}/images`,
  }),
  listProjects: operation({
    id: 'listProjects', method: 'GET', path: '/v1/projects', group: 'Identity', rpc: 'ListProjects', scope: 'signed-in', status: 200,
    summary: 'The projects you may see', answer: ListProjects.answer,
  }),
  grantRole: operation({
    id: 'grantRole', method: 'POST', path: '/v1/projects/{project}/roles', group: 'Identity', rpc: 'GrantRole', scope: 'admin', status: 204,
    summary: 'Give a user a role in a project', params: project, body: { identifier: GrantRole.body.shape.identifier, role: GrantRole.body.shape.role }, answer: nothing,
  }),
  createUser: operation({
    id: 'createUser', method: 'POST', path: '/v1/users', group: 'Identity', rpc: 'CreateUser', scope: 'admin', everywhere: true, status: 201,
    summary: 'Make a user', body: { identifier: CreateUser.body.shape.identifier, password: CreateUser.body.shape.password }, answer: CreateUser.answer,
  }),
  createToken: operation({
    id: 'createToken', method: 'POST', path: '/v1/projects/{project}/tokens', group: 'Identity', rpc: 'CreateToken', scope: 'tokens:write', status: 201,
    summary: 'Make an API token; it is shown this once', params: project,
    body: { name: CreateToken.body.shape.name, scopes: CreateToken.body.shape.scopes, expires_in_days: CreateToken.body.shape.expires_in_days }, answer: CreateToken.answer,
  }),
  listTokens: operation({
    id: 'listTokens', method: 'GET', path: '/v1/projects/{project}/tokens', group: 'Identity', rpc: 'ListTokens', scope: 'tokens:write', status: 200,
    summary: 'The API tokens of a project, without their secrets', params: project, answer: ListTokens.answer,
  }),
  revokeToken: operation({
    id: 'revokeToken', method: 'DELETE', path: '/v1/projects/{project}/tokens/{id}', group: 'Identity', rpc: 'RevokeToken', scope: 'tokens:write', status: 204,
    summary: 'Revoke an API token', params: { project: Project, id: Id }, answer: nothing,
  }),
  getTrustBundle: operation({
    id: 'getTrustBundle', method: 'GET', path: '/v1/trust-bundle', group: 'Identity', rpc: 'GetTrustBundle', scope: 'public', status: 200,
    summary: 'The certificates to trust', answer: GetTrustBundle.answer,
  }),
  getJwks: operation({
    id: 'getJwks', method: 'GET', path: '/.well-known/jwks.json', group: 'Identity', scope: 'public', status: 200,
    rpc: { none: 'RFC 7517 sets are fetched over HTTP' },
    summary: 'The keys that sign access tokens', answer: GetJwks.answer,
  }),

  // Platform
  getVersion: operation({
    id: 'getVersion', method: 'GET', path: '/v1/version', group: 'Platform', rpc: 'GetVersion', scope: 'public', status: 200,
    summary: 'What runs here', answer: Version,
  }),
  getOpenApi: operation({
    id: 'getOpenApi', method: 'GET', path: '/v1/openapi.json', group: 'Platform', scope: 'public', status: 200,
    rpc: { none: 'gRPC describes itself by reflection' },
    summary: 'This API as an OpenAPI 3.1 document', answer: z.record(z.string(), z.unknown()),
  }),
  getDocs: operation({
    id: 'getDocs', method: 'GET', path: '/docs', group: 'Platform', scope: 'public', status: 200, mediaType: 'text/html; charset=utf-8',
    rpc: { none: 'a page for people' },
    summary: 'This API as a page for people', answer: z.string(),
  }),
} as const;
export type OperationId = keyof typeof operations;

export const allOperations: readonly Operation[] = Object.values(operations) as unknown as Operation[];



/** Where the .proto files are: `plimsoll/v1/*.proto`, the same operations for gRPC. */
export const protoFolder = new URL('../proto/', import.meta.url);
