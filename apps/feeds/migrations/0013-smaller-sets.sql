-- The largest tables of a fleet: ids of 4 bytes are enough for two thousand million packages, sets and images.
alter table set_packages alter column set type int, alter column package type int;
alter table image_sets alter column image type int, alter column set type int;

-- A revision queues a hundred thousand images at once; asking for each whether it exists costs more than all the rest, and who
-- forgets an image takes it out of the queue.
alter table rematches drop constraint rematches_image_fkey;
