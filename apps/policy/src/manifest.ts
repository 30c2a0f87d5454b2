import {
  CreateException, GetFindings, GetPolicy, GetVerdict, ImageForgotten, ImageMatched, ImageRejected, ListExceptions, PushJudged, ReplayPolicy, RevisionPublished, RevokeException, SetPolicy, VerdictChanged,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'policy',
  does: 'Judges every image: allow, warn or deny, with reasons, replayable.',
  hears: [ImageMatched, ImageRejected, ImageForgotten, RevisionPublished],
  answers: [GetVerdict, GetPolicy, SetPolicy, ReplayPolicy, CreateException, ListExceptions, RevokeException],
  asks: [GetFindings],
  says: [VerdictChanged, PushJudged],
  documents: 'none',
};
