-- The service's prediction log, beside MLflow's database: both have a table of logged models.
-- PostgreSQL's image runs this when its volume is new.
CREATE DATABASE predictions;
