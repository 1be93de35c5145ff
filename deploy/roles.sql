-- The roles of heyue on a PostgreSQL of your own, version 15 or newer, made with the locale C.UTF-8. Run this
-- once as a superuser in an empty database named heyue, then give the three roles that log in a password:
--   ALTER ROLE heyue_app PASSWORD '...';
-- The built-in server makes the same; a test holds the two together.
CREATE ROLE heyue_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;  -- migrations
CREATE ROLE heyue_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;    -- requests
CREATE ROLE heyue_system LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS; -- jobs across tenants
CREATE ROLE heyue_search NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS; -- owns the search functions only
GRANT heyue_search TO heyue_owner;
ALTER DATABASE heyue OWNER TO heyue_owner;
REVOKE ALL ON DATABASE heyue FROM PUBLIC;
GRANT CONNECT ON DATABASE heyue TO heyue_app, heyue_system;
ALTER SCHEMA public OWNER TO heyue_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO heyue_app, heyue_system, heyue_search;
