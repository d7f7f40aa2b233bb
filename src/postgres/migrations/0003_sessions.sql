-- Sessions of the admin service, by the SHA-256 of their secrets, so that they work on any instance.
create table legacy_http_compat.session (
    key bytea primary key check (octet_length(key) = 32),
    actor_kind text not null,
    actor_id text not null,
    role text not null,
    began timestamptz not null default clock_timestamp(),
    ends timestamptz not null
);

create index session_by_actor on legacy_http_compat.session (actor_kind, actor_id, began);
