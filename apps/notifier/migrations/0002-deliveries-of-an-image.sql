create index deliveries_of_image on deliveries (project, digest) where digest is not null;
