-- The fingerprint key of each flag's census: its number goes up whenever the key is replaced.
create table legacy_http_compat.epoch (
    flag text primary key,
    number bigint not null,
    key_check bytea not null,
    began timestamptz not null default clock_timestamp()
);

-- One row for each process that serves, or did until lately.
create table legacy_http_compat.instance (
    flag text not null,
    id text not null,
    name text not null,
    version text not null,
    started timestamptz not null,
    seen timestamptz not null,
    epoch bigint not null,
    applied_seq bigint not null,
    applied_hash bytea not null,
    flag_state text not null,
    contract text,
    detector text,
    clock_offset_ms bigint not null,
    clock_uncertainty_ms bigint not null,
    primary key (flag, id)
);

-- Work that one instance does for all, such as the automatic rollback.
create table legacy_http_compat.lease (
    flag text not null,
    work text not null,
    holder text not null,
    until timestamptz not null,
    primary key (flag, work)
);
