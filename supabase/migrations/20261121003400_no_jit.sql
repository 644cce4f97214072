-- A function that forbids a kind of plan and gets it nonetheless has a cost of 10^10, and PostgreSQL then compiles the
-- statement first, which takes some hundred times as long as running it. Nothing these functions do is worth compiling.

alter function private.audit() set jit = off;
alter function private.record_outcomes(jsonb) set jit = off;
alter function private.claim_messages(integer) set jit = off;
alter function private.record_receipt(uuid, text, text, text, text, text, boolean) set jit = off;
