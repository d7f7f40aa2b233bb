-- The fingerprint keys of each flag's census, one after the other; without a check, the next instance with a new key gives it.
create table legacy_http_compat.epoch (
    flag text not null,
    number bigint not null,
    key_check bigint,
    began timestamptz not null default clock_timestamp(),
    primary key (flag, number)
);

-- One row for each process that serves, or did until lately. Times of the instance itself are milliseconds since 1970.
create table legacy_http_compat.instance (
    flag text not null,
    name text not null,
    started bigint not null,
    version text not null,
    seen timestamptz not null default clock_timestamp(),
    applied text not null,
    flag_state text not null,
    sync text not null,
    served text,
    key_check bigint,
    epoch bigint,
    clock_offset bigint,
    clock_uncertainty bigint,
    primary key (flag, name)
);

-- Work that one instance does for all, such as the automatic rollback.
create table legacy_http_compat.lease (
    flag text not null,
    work text not null,
    holder text not null,
    until timestamptz not null,
    primary key (flag, work)
);

-- The epoch that an instance with this key belongs to, or the live instance whose key is another. Called in the transaction
-- that adds the instance, so that of two at once the second sees the first.
create function legacy_http_compat.join_epoch(of_flag text, instance text, own bigint, lease interval)
returns table (epoch bigint, other_instance text, other_key bigint)
language plpgsql as $$
declare
    latest bigint;
    latest_key bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('legacy_http_compat.epoch ' || of_flag, 0));
    select e.number, e.key_check into latest, latest_key from legacy_http_compat.epoch e
        where e.flag = of_flag order by e.number desc limit 1;
    if own is null then
        return query select latest, null::text, null::bigint;
        return;
    end if;
    -- The same key as before: an instance of an earlier epoch may still be replaced while these are drained.
    return query select e.number, null::text, null::bigint from legacy_http_compat.epoch e
        where e.flag = of_flag and e.key_check = own order by e.number desc limit 1;
    if found then
        return;
    end if;
    if latest is not null and latest_key is null then
        update legacy_http_compat.epoch e set key_check = own where e.flag = of_flag and e.number = latest;
        return query select latest, null::text, null::bigint;
        return;
    end if;
    return query select latest, i.name, i.key_check from legacy_http_compat.instance i
        where i.flag = of_flag and i.name <> instance and i.epoch = latest and i.key_check <> own
            and i.seen > clock_timestamp() - lease
        order by i.seen desc limit 1;
    if found then
        return;
    end if;
    insert into legacy_http_compat.epoch (flag, number, key_check) values (of_flag, coalesce(latest, 0) + 1, own);
    return query select coalesce(latest, 0) + 1, null::text, null::bigint;
end
$$;
