import {
  CreateSubscription, DeleteSubscription, DeliveryFailed, GetFindings, ImageForgotten, ListDeliveries, ListSubscriptions, NotificationDelivered, ReplayDelivery, ResumeSubscription,
  RevisionPublished, RotateSecret, VerdictChanged,
  type Manifest,
} from '@plimsoll/contracts';

export const manifest: Manifest = {
  name: 'notifier',
  does: 'Tells the people who subscribed, once each, and keeps the receipts.',
  hears: [VerdictChanged, RevisionPublished, ImageForgotten],
  answers: [CreateSubscription, ListSubscriptions, DeleteSubscription, ResumeSubscription, RotateSecret, ListDeliveries, ReplayDelivery],
  asks: [GetFindings],
  says: [NotificationDelivered, DeliveryFailed],
  documents: 'none',
};
