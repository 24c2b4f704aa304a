-- What VACUUM keeps rows for: PostgreSQL 15, storage/ipc/procarray.c. A transaction that writes, in
-- any database of the server, is in each snapshot that is taken until it ends, VACUUM FULL's own
-- among them (GetSnapshotData); so these have to be over before snapshots are looked at.
SELECT EXISTS (
    SELECT FROM pg_stat_activity WHERE age(backend_xid) >= age(%(now)s::text::xid)
) OR EXISTS (
    SELECT FROM pg_prepared_xacts WHERE age(transaction) >= age(%(now)s::text::xid)
)
