-- Of snapshots, those of this database, and of replicas, which name none (ComputeXidHorizons).
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE pid <> pg_backend_pid()
      AND coalesce(datname, current_database()) = current_database()
      AND age(backend_xmin) >= age(%(now)s::text::xid)
) OR EXISTS (
    SELECT FROM pg_replication_slots WHERE age(xmin) >= age(%(now)s::text::xid)
)
