-- When the stream took in what the image is known from: forgetting it reaches no further than what was said before.
alter table images add column indexed_said_at timestamptz;
