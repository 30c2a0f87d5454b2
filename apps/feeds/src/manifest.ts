import {
  AddVex, DiffImages, ExplainFinding, ExportBundle, GetDatabase, GetFeedsStatus, GetFindings, GetRevision, GetSource, GetWhyNot, ImageForgotten, ImageIndexed, ImageMatched, ImportBundle, IngestSource, ListVex, RemoveVex, RevisionPublished, SourceRefused, WhoHas,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'feeds',
  does: 'Keeps the advisories, one atomic revision after another, and matches every inventory against them.',
  hears: [ImageIndexed, ImageForgotten],
  answers: [GetFeedsStatus, GetSource, IngestSource, ExportBundle, ImportBundle, GetDatabase, GetRevision, GetFindings, ExplainFinding, GetWhyNot, DiffImages, WhoHas, AddVex, ListVex, RemoveVex],
  asks: [],
  says: [ImageMatched, RevisionPublished, SourceRefused],
  documents: 'writes',
};
