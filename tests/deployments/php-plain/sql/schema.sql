CREATE TABLE IF NOT EXISTS entries (id serial PRIMARY KEY, text text NOT NULL);
