"""The routes: each module one kind of resource; no statistics, no SQL, no files here."""
