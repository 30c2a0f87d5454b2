import type { Filter, RevisionPublished, VerdictChanged } from '@plimsoll/contracts';

/** Something people may want to hear of, in the shape that filters, CloudEvents and mails are made from. */
export interface Happening {
  /** The event's id on the bus: the same at every redelivery. */
  readonly id: string;
  readonly name: Filter['events'][number];
  readonly at: string;
  /** What it is about, for a reader: an image reference, a revision. */
  readonly subject: string;
  /** Absent when it concerns the whole platform. */
  readonly project?: string;
  readonly data: object;
  readonly image?: { readonly reference: string; readonly digest?: string | undefined };
  readonly push?: string | undefined;
}

export const verdictHappening = (id: string, { verdict, previous, push }: VerdictChanged): Happening => ({
  id, name: 'verdict.changed', at: verdict.decided_at, subject: verdict.reference, project: verdict.project, push,
  data: { ...verdict, ...(previous === undefined ? {} : { previous }), ...(push === undefined ? {} : { push }) },
  image: { reference: verdict.reference, digest: verdict.digest },
});

/** Projects are nobody's business but their own: a receiver may look into his with the platform. */
export function revisionHappening(id: string, revision: RevisionPublished): Happening {
  const { projects: _, ...data } = revision;
  return { id, name: 'revision.published', at: data.published_at, subject: `revision ${data.revision}`, data };
}
