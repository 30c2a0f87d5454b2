import {
  AddBase, CancelScan, FindInventory, FindScans, ImageForgotten, ImageIndexed, ImageOutdated, ImagePushed, ImageRejected, ListPlatforms, ListBases, RemoveBase, ScanCancelled,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'scanner',
  does: 'Turns a pushed image into an inventory of everything inside it.',
  hears: [ImagePushed, ImageForgotten],
  answers: [FindInventory, FindScans, CancelScan, ListPlatforms, AddBase, ListBases, RemoveBase],
  asks: [],
  says: [ImageIndexed, ImageRejected, ScanCancelled, ImageOutdated],
  documents: 'writes',
};
