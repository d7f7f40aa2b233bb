-- The census of the instances of a flag. Times are milliseconds of the store's time: its clock, but never earlier than before.
-- `base` is the time of the first tick; columns of type int are ticks since then, less 2^31.
create table legacy_http_compat.census (
    flag text primary key,
    id int generated always as identity unique,
    key_check bigint,
    base bigint not null,
    began bigint not null,
    time bigint not null,
    -- By how much the time is ahead of the clock, which was set back by so much.
    shift bigint not null default 0,
    -- The number of the last change. Whoever makes one holds the lock of this row until it is committed, so that changes are
    -- seen in the order of their numbers.
    change bigint not null default 0,
    -- The last change that is not kept any more.
    pruned bigint not null default 0,
    callers bigint not null default 0,
    swept bigint not null default 0
);

-- Client kinds (`k`) and endpoints (`e`) by the numbers that other tables have.
create table legacy_http_compat.census_name (
    census int not null,
    sort text not null,
    number int not null,
    name text not null,
    primary key (census, sort, number),
    unique (census, sort, name)
);

-- Each run of an instance, with its last batch. `started` is by its own clock.
create table legacy_http_compat.census_member (
    census int not null,
    name text not null,
    started bigint not null,
    key_check bigint,
    joined bigint not null,
    seen bigint not null,
    -- For how long the store was away since then.
    excused bigint not null default 0,
    batch bigint not null default 0,
    ended bigint,
    has_left boolean not null default false,
    change bigint not null,
    primary key (census, name, started)
);

-- When each run watched, or was fed.
create table legacy_http_compat.census_interval (
    census int not null,
    name text not null,
    started bigint not null,
    fed boolean not null,
    since bigint not null,
    until bigint not null,
    before text not null,
    rules text not null,
    primary key (census, name, started, fed, since)
);

-- What all instances saw of each caller.
create table legacy_http_compat.census_caller (
    census int not null,
    first_seen int not null,
    fingerprint bytea not null check (length(fingerprint) = 16),
    kind smallint not null,
    flags smallint not null,
    pause int not null,
    last_legacy int not null,
    last_dependent int not null,
    last_stranded int not null,
    first_target int not null,
    last_target int not null,
    endpoints bigint not null,
    responses bigint not null,
    dependent bigint not null,
    stranded bigint not null,
    change bigint not null,
    version text not null,
    primary key (census, fingerprint, kind)
) with (fillfactor = 80);

-- Responses in each bucket of so many seconds.
create table legacy_http_compat.census_responses (
    census int not null,
    width int not null,
    number bigint not null,
    kind smallint not null,
    counts bigint[] not null,
    primary key (census, width, number, kind)
) with (fillfactor = 60);

create table legacy_http_compat.census_failures (
    census int not null,
    hour bigint not null,
    endpoint smallint not null,
    worked boolean not null,
    failed bigint not null,
    primary key (census, hour, endpoint)
);

-- The estimates of callers that have no place, of each run.
create table legacy_http_compat.census_overflow (
    census int not null,
    name text not null,
    started bigint not null,
    width int not null,
    number bigint not null,
    kind smallint not null,
    data bytea not null,
    primary key (census, name, started, width, number, kind)
);

create table legacy_http_compat.census_forgotten (
    census int not null,
    kind smallint not null,
    callers bigint not null,
    dependents bigint not null,
    dropped bigint not null,
    primary key (census, kind)
);

-- The last changes, as the instances handed them over.
create table legacy_http_compat.census_change (
    census int not null,
    number bigint not null,
    at bigint not null,
    data bytea not null,
    refused int[] not null,
    primary key (census, number)
);

-- Locks the census of a flag, and moves its time on.
create function legacy_http_compat.census_lock(of_flag text) returns legacy_http_compat.census
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census;
    clock bigint;
begin
    select * into c from legacy_http_compat.census where flag = of_flag for no key update;
    clock := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    c.shift := greatest(c.shift, c.time - clock);
    c.time := greatest(c.time, clock + c.shift);
    return c;
end
$$;

-- Ends a change. If it is the first one for longer than the lease of an instance, none could reach the store before.
create function legacy_http_compat.census_commit(c legacy_http_compat.census) returns void
language sql as $$
    update legacy_http_compat.census_member m set excused = m.excused + (c.time - k.time), change = c.change
        from legacy_http_compat.census k
        where k.flag = c.flag and c.time - k.time > 10000 and m.census = k.id and m.ended is null and m.seen < c.time
            -- One that was silent for a quarter of an hour before was gone by then.
            and m.seen + m.excused + 960000 > k.time;
    update legacy_http_compat.census set time = c.time, shift = c.shift, change = c.change, callers = c.callers,
        swept = c.swept, pruned = c.pruned, key_check = c.key_check, began = c.began where flag = c.flag
$$;

-- Adds a run. `origin` is how long before its beginning the time of the census begins.
create function legacy_http_compat.census_join(of_flag text, of_name text, of_started bigint, own_key bigint, origin bigint)
returns table (verdict text, other_key bigint, now bigint)
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census;
    clock bigint := (extract(epoch from clock_timestamp()) * 1000)::bigint;
    latest_key bigint;
    has_epoch boolean;
begin
    insert into legacy_http_compat.census (flag, key_check, base, began, time)
        values (of_flag, own_key, clock - origin, clock, clock) on conflict do nothing;
    c := legacy_http_compat.census_lock(of_flag);
    if own_key is distinct from c.key_check and c.key_check is not null then
        select e.key_check, true into latest_key, has_epoch from legacy_http_compat.epoch e
            where e.flag = of_flag order by e.number desc limit 1;
        -- One without a key was begun for the next instance with a new one.
        if own_key is null or has_epoch is null or coalesce(latest_key, own_key) <> own_key then
            return query select 'other_key', c.key_check, 0::bigint;
            return;
        end if;
        -- A new epoch: what was counted by the other key is of no use. Those that have it stay registered until they leave.
        delete from legacy_http_compat.census_caller k where k.census = c.id;
        delete from legacy_http_compat.census_change k where k.census = c.id;
        delete from legacy_http_compat.census_responses k where k.census = c.id;
        delete from legacy_http_compat.census_failures k where k.census = c.id;
        delete from legacy_http_compat.census_overflow k where k.census = c.id;
        delete from legacy_http_compat.census_forgotten k where k.census = c.id;
        delete from legacy_http_compat.census_interval k where k.census = c.id;
        c.began := c.time;
        c.callers := 0;
        c.pruned := c.change + 1;
    end if;
    c.key_check := coalesce(own_key, c.key_check);
    if exists (select from legacy_http_compat.census_member m
            where m.census = c.id and m.name = of_name and m.started > of_started and m.ended is null) then
        return query select 'replaced', null::bigint, 0::bigint;
        return;
    end if;
    c.change := c.change + 1;
    update legacy_http_compat.census_member m set ended = c.time, change = c.change
        where m.census = c.id and m.name = of_name and m.started < of_started and m.ended is null;
    insert into legacy_http_compat.census_member (census, name, started, key_check, joined, seen, change)
        values (c.id, of_name, of_started, own_key, c.time, c.time, c.change) on conflict do nothing;
    perform legacy_http_compat.census_commit(c);
    return query select 'joined', null::bigint, c.time - c.base;
end
$$;

-- Numbers the names that have no number, and returns all.
create function legacy_http_compat.census_names(of_flag text, kinds text[], endpoints text[]) returns text
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census := legacy_http_compat.census_lock(of_flag);
    given text;
    of_sort text;
begin
    foreach of_sort in array array['k', 'e'] loop
        foreach given in array case of_sort when 'k' then kinds else endpoints end loop
            insert into legacy_http_compat.census_name (census, sort, number, name)
                select c.id, of_sort, count(*), given from legacy_http_compat.census_name n where n.census = c.id and n.sort = of_sort
                on conflict do nothing;
        end loop;
    end loop;
    return legacy_http_compat.census_all_names(c.id);
end
$$;

create function legacy_http_compat.census_all_names(of_census int) returns text
language sql stable as $$
    select json_build_object(
        'kinds', coalesce(json_agg(name order by number) filter (where sort = 'k'), '[]'),
        'endpoints', coalesce(json_agg(name order by number) filter (where sort = 'e'), '[]')
    )::text from legacy_http_compat.census_name where census = of_census
$$;

-- No later than the first target sighting by rules that are in force since then, if since then, of those from a first to a last one.
create function legacy_http_compat.census_first_target(first int, last int, since int) returns int
language sql immutable parallel safe as $$
    select case when last < since then 2147483647 else greatest(first, since) end
$$;

-- Merges a batch, once. `in_force` is since when the rules of each kind are, by the kinds' numbers.
create function legacy_http_compat.census_merge(
    of_flag text, of_name text, of_started bigint, of_batch bigint, leaves boolean, capacity bigint, of_data bytea,
    fingerprints bytea[], kinds int[], flags int[], pauses int[], endpoints bigint[], firsts int[], legacies int[],
    dependents int[], strandeds int[], first_targets int[], targets int[], counts bigint[], counts_dependent bigint[],
    counts_stranded bigint[], versions text[], in_force int[], responses jsonb, failures jsonb, intervals jsonb, overflow jsonb
) returns table (verdict text, now bigint, refused int[])
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census := legacy_http_compat.census_lock(of_flag);
    m legacy_http_compat.census_member;
    without_place int[] := '{}';
    added bigint;
    never constant int := -2147483648;
begin
    select * into m from legacy_http_compat.census_member k where k.census = c.id and k.name = of_name and k.started = of_started;
    if m.batch >= of_batch then
        return query select 'merged', c.time - c.base, coalesce(
            (select k.refused from legacy_http_compat.census_change k where k.census = c.id and k.number = m.change), '{}');
        return;
    end if;
    -- One that does not know the batch before has lost it, as by a restore: the run goes on as another one.
    if m.name is null or m.ended is not null or m.batch <> of_batch - 1 then
        return query select case when exists (select from legacy_http_compat.census_member k
            where k.census = c.id and k.name = of_name and k.started > of_started) then 'replaced' else 'written_off' end, 0::bigint, null::int[];
        return;
    end if;
    c.change := c.change + 1;
    update legacy_http_compat.census_member k set batch = of_batch, seen = c.time, excused = 0, change = c.change,
        ended = case when leaves then c.time end, has_left = leaves
        where k.census = c.id and k.name = of_name and k.started = of_started;
    if m.key_check is distinct from c.key_check and c.key_check is not null then
        -- Of an earlier epoch: it is known to live, and counts for nothing.
        perform legacy_http_compat.census_commit(c);
        return query select 'merged', c.time - c.base, '{}'::int[];
        return;
    end if;
    if c.callers + cardinality(fingerprints) > capacity then
        select coalesce(array_agg(fresh.at order by fresh.at), '{}') into without_place from (
            select g.at::int - 1 as at, row_number() over (order by g.at) as number
            from unnest(fingerprints, kinds) with ordinality as g (fingerprint, kind, at)
            where not exists (select from legacy_http_compat.census_caller k
                where k.census = c.id and k.fingerprint = g.fingerprint and k.kind = g.kind)
        ) fresh where fresh.number > greatest(capacity - c.callers, 0);
    end if;
    with put as (
        insert into legacy_http_compat.census_caller as k (census, fingerprint, kind, flags, pause, endpoints, first_seen, last_legacy,
            last_dependent, last_stranded, first_target, last_target, responses, dependent, stranded, version, change)
        select c.id, g.fingerprint, g.kind, g.flags | case when g.last_legacy >= g.first_target then 2 else 0 end
                | case when g.last_dependent >= g.first_target then 4 else 0 end, g.pause, g.endpoints, g.first_seen, g.last_legacy, g.last_dependent,
            g.last_stranded, g.first_target, g.last_target, g.responses, g.dependent, g.stranded, g.version, c.change
        from unnest(fingerprints, kinds, flags, pauses, endpoints, firsts, legacies, dependents, strandeds, first_targets, targets,
            counts, counts_dependent, counts_stranded, versions) with ordinality as g (fingerprint, kind, flags, pause, endpoints,
            first_seen, last_legacy, last_dependent, last_stranded, first_target, last_target, responses, dependent, stranded, version, at)
        where cardinality(without_place) = 0 or g.at - 1 <> all (without_place)
        on conflict (census, fingerprint, kind) do update set
            -- Seen as a legacy caller (2), or as a dependent one (4), after it had been a target caller.
            flags = k.flags | excluded.flags
                | case when greatest(k.last_legacy, excluded.last_legacy) >= least(excluded.first_target,
                    legacy_http_compat.census_first_target(k.first_target, k.last_target, in_force[k.kind + 1])) then 2 else 0 end
                | case when greatest(k.last_dependent, excluded.last_dependent) >= least(excluded.first_target,
                    legacy_http_compat.census_first_target(k.first_target, k.last_target, in_force[k.kind + 1])) then 4 else 0 end,
            endpoints = k.endpoints | excluded.endpoints,
            -- As in `CallerDelta::merge`: a legacy sighting ends a pause since the last legacy one.
            pause = greatest(k.pause, excluded.pause, (greatest(
                case when k.last_legacy <> never then excluded.last_legacy::bigint - k.last_legacy else 0 end,
                greatest(excluded.last_legacy, excluded.last_target)::bigint - greatest(k.last_legacy, k.last_target)
            ) + 959) / 960),
            version = case when (greatest(excluded.last_legacy, excluded.last_target), excluded.version collate "C")
                > (greatest(k.last_legacy, k.last_target), k.version collate "C") then excluded.version else k.version end,
            first_seen = least(k.first_seen, excluded.first_seen),
            last_legacy = greatest(k.last_legacy, excluded.last_legacy),
            last_dependent = greatest(k.last_dependent, excluded.last_dependent),
            last_stranded = greatest(k.last_stranded, excluded.last_stranded),
            first_target = least(excluded.first_target,
                legacy_http_compat.census_first_target(k.first_target, k.last_target, in_force[k.kind + 1])),
            last_target = greatest(k.last_target, excluded.last_target),
            responses = k.responses + excluded.responses,
            dependent = k.dependent + excluded.dependent,
            stranded = k.stranded + excluded.stranded,
            change = excluded.change
        returning (xmax = 0) as is_new
    ) select count(*) filter (where is_new) into added from put;
    c.callers := c.callers + added;
    insert into legacy_http_compat.census_responses as r (census, width, number, kind, counts)
        select c.id, w.width, (g.value->>0)::bigint / w.width, (g.value->>1)::int, array[sum((g.value->>2)::bigint), sum((g.value->>3)::bigint),
            sum((g.value->>4)::bigint), sum((g.value->>5)::bigint), sum((g.value->>6)::bigint), sum((g.value->>7)::bigint),
            sum((g.value->>8)::bigint)]::bigint[]
        from jsonb_array_elements(responses) g cross join (values (10), (60), (900)) w (width) group by 2, 3, 4 order by 2, 3, 4
        on conflict (census, width, number, kind) do update set
            counts = (select array_agg(a.n + b.n order by a.at) from unnest(r.counts) with ordinality a (n, at)
                join unnest(excluded.counts) with ordinality b (n, at) using (at));
    insert into legacy_http_compat.census_failures as f (census, hour, endpoint, worked, failed)
        select c.id, (g.value->>0)::bigint, (g.value->>1)::int, (g.value->>2)::boolean, (g.value->>3)::bigint
        from jsonb_array_elements(failures) g
        on conflict (census, hour, endpoint) do update set worked = f.worked or excluded.worked, failed = f.failed + excluded.failed;
    insert into legacy_http_compat.census_interval as i (census, name, started, fed, since, until, before, rules)
        select c.id, of_name, of_started, g.fed, g.since, g.until, g.before, g.rules
        from jsonb_to_recordset(intervals) as g (fed boolean, since bigint, until bigint, before text, rules text)
        on conflict (census, name, started, fed, since) do update set until = greatest(i.until, excluded.until);
    insert into legacy_http_compat.census_overflow (census, name, started, width, number, kind, data)
        select c.id, of_name, of_started, (g.value->>0)::int, (g.value->>1)::bigint, (g.value->>2)::int, decode(g.value->>3, 'hex')
        from jsonb_array_elements(overflow) g
        on conflict (census, name, started, width, number, kind) do update set data = excluded.data;
    insert into legacy_http_compat.census_change (census, number, at, data, refused)
        values (c.id, c.change, c.time - c.base, of_data, without_place);
    if c.change % 64 = 0 then
        with gone as (
            delete from legacy_http_compat.census_change k where k.census = c.id and k.at < c.time - c.base - 600000 returning k.number
        ) select greatest(c.pruned, max(number)) into c.pruned from gone;
    end if;
    perform legacy_http_compat.census_commit(c);
    return query select 'merged', c.time - c.base, without_place;
end
$$;

-- Removes callers that no change since that one touched, and what no window can reach any more; at most once an hour, unless for want of places.
create function legacy_http_compat.census_sweep(
    of_flag text, of_data bytea, fingerprints bytea[], kinds int[], depended boolean[], dropped boolean[], known bigint
) returns boolean
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census := legacy_http_compat.census_lock(of_flag);
    gone bigint;
    kept int[];
    second bigint;
begin
    if c.swept > c.time - 3600000 and not (true = any (dropped)) then
        return false;
    end if;
    c.swept := c.time;
    c.change := c.change + 1;
    with given as (
        select * from unnest(fingerprints, kinds, depended, dropped) with ordinality as g (fingerprint, kind, depended, dropped, at)
    ), removed as (
        delete from legacy_http_compat.census_caller k using given g
        where k.census = c.id and k.fingerprint = g.fingerprint and k.kind = g.kind
            and k.change <= known
        returning k.kind, g.depended, g.dropped, g.at
    ), counted as (
        insert into legacy_http_compat.census_forgotten as f (census, kind, callers, dependents, dropped)
        select c.id, r.kind, count(*) filter (where not r.dropped), count(*) filter (where r.depended and not r.dropped),
            count(*) filter (where r.dropped) from removed r group by r.kind
        on conflict (census, kind) do update set callers = f.callers + excluded.callers,
            dependents = f.dependents + excluded.dependents, dropped = f.dropped + excluded.dropped
    ) select (select count(*) from removed), (select coalesce(array_agg(g.at::int - 1 order by g.at), '{}') from given g
        where g.at not in (select r.at from removed r)) into gone, kept;
    c.callers := c.callers - gone;
    second := (c.time - c.base) / 1000;
    delete from legacy_http_compat.census_responses k where k.census = c.id
        and k.number < second / k.width - case k.width when 10 then 362 when 60 then 1442 else 2882 end;
    delete from legacy_http_compat.census_failures k where k.census = c.id and k.hour < second / 3600 - 120 * 24;
    delete from legacy_http_compat.census_overflow k where k.census = c.id and (k.number + 1) * k.width < second - 33 * 86400;
    delete from legacy_http_compat.census_interval k where k.census = c.id and k.until < c.time - c.base - 121 * 86400000::bigint;
    delete from legacy_http_compat.census_member k where k.census = c.id and k.ended < c.time - 121 * 86400000::bigint;
    insert into legacy_http_compat.census_change (census, number, at, data, refused) values (c.id, c.change, c.time - c.base, of_data, kept);
    perform legacy_http_compat.census_commit(c);
    return true;
end
$$;

-- Ends the runs of an instance that is lost.
create function legacy_http_compat.census_write_off(of_flag text, of_name text) returns bigint
language plpgsql as $$
#variable_conflict use_column
declare
    c legacy_http_compat.census := legacy_http_compat.census_lock(of_flag);
    ended_runs bigint;
begin
    c.change := c.change + 1;
    update legacy_http_compat.census_member m set ended = c.time, change = c.change
        where m.census = c.id and m.name = of_name and m.ended is null;
    get diagnostics ended_runs = row_count;
    perform legacy_http_compat.census_commit(c);
    return ended_runs;
end
$$;

-- The runs that joined or ended since a change, or all.
create function legacy_http_compat.census_members(c legacy_http_compat.census, since bigint) returns json
language sql stable as $$
    select coalesce(json_agg(json_build_object('member', json_build_object('name', m.name, 'started', m.started),
        'joined', m.joined - c.base, 'seen', m.seen - c.base, 'excused', m.excused, 'ended', m.ended - c.base, 'left', m.has_left)), '[]')
    from legacy_http_compat.census_member m where m.census = c.id and m.change > since
$$;
