#!/bin/sh
# Makes the roles and the database of docs/deploy.md, block 7, when PostgreSQL's container is new.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres <<END
CREATE ROLE stillwater_app NOLOGIN;
CREATE ROLE stillwater_owner LOGIN CREATEDB CREATEROLE BYPASSRLS PASSWORD '$OWNER_PASSWORD';
CREATE ROLE stillwater LOGIN PASSWORD '$SERVER_PASSWORD' IN ROLE stillwater_app;
CREATE DATABASE stillwater OWNER stillwater_owner;
END
