-- One line for each event of each flag, exactly as in a journal file. Rows are added and never changed.
create table legacy_http_compat.journal (
    flag text not null,
    seq bigint not null check (seq > 0),
    hash bytea not null check (octet_length(hash) = 32),
    attempt uuid not null unique,
    line bytea not null,
    primary key (flag, seq)
);
