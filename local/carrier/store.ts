import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { FinalStatus } from "./behaviour.ts";

/** A message that the carrier accepted. Times are milliseconds since 1970. */
export interface Message {
  id: string;
  provider: "twilio" | "arkesel";
  to: string;
  from: string;
  body: string;
  segments: number;
  messagingServiceSid: string | null;
  final: FinalStatus;
  errorCode: number | null;
  acceptedAt: number;
  sentAt: number;
  doneAt: number;
  canceledAt: number | null;
}

/** A webhook that the carrier still owes to somebody. `about` is the id of a message or reply. */
export interface OwedRequest {
  about: string;
  method: "GET" | "POST";
  url: string;
  /** Form parameters; signed as Twilio does when present. */
  params?: Record<string, string>;
  dueAt: number;
}

/** A text from a handset. `answer` is the HTTP status that its webhook got last, 0 for none. */
export interface Reply {
  id: string;
  from: string;
  to: string;
  body: string;
  received_at: string;
  answer: number | null;
}

export type Store = ReturnType<typeof openStore>;

/**
 * Everything that must survive a SIGKILL. Each write is in the hands of the operating system when
 * the function returns; only a crash of the machine itself could lose it.
 */
export function openStore(dataDir: string) {
  mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(join(dataDir, "carrier.sqlite"));
  db.exec(`
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists messages (
      seq integer primary key autoincrement, id text not null unique, recipient text not null,
      data text not null);
    create index if not exists messages_recipient on messages (recipient, seq);
    create table if not exists owed (
      id integer primary key autoincrement, about text not null, due_at integer not null,
      attempts integer not null default 0, data text not null);
    create index if not exists owed_due on owed (due_at, id);
    create index if not exists owed_about on owed (about);
    create table if not exists replies (id text primary key, data text not null);
    update owed set attempts = 0;
  `);
  const transaction = (work: () => void) => {
    db.exec("begin immediate");
    try {
      work();
      db.exec("commit");
    } catch (error) {
      db.exec("rollback");
      throw error;
    }
  };
  const tables = { ...messageStore(db), ...owedStore(db), ...replyStore(db) };
  return { transaction, close: () => db.close(), ...tables };
}

function messageStore(db: DatabaseSync) {
  const insert = db.prepare("insert into messages (id, recipient, data) values (?, ?, ?)");
  const update = db.prepare("update messages set data = ? where id = ?");
  const byId = db.prepare("select seq, data from messages where id = ?");
  const oldest = db.prepare("select seq, data from messages order by seq");
  const oldestTo = db.prepare("select seq, data from messages where recipient = ? order by seq");
  const newest = db.prepare("select seq, data from messages where seq < ? order by seq desc");
  const newestTo = db.prepare(
    "select seq, data from messages where seq < ? and recipient = ? order by seq desc",
  );
  return {
    addMessage: (message: Message) => insert.run(message.id, message.to, JSON.stringify(message)),
    updateMessage: (message: Message) => update.run(JSON.stringify(message), message.id),
    message(id: string): Message | null {
      const row = byId.get(id);
      return row === undefined ? null : parse<Message>(row);
    },
    /** The latest message to a number. */
    lastTo(to: string): Message | null {
      const row = newestTo.get(Number.MAX_SAFE_INTEGER, to);
      return row === undefined ? null : parse<Message>(row);
    },
    /** In order of acceptance. */
    *messages(to: string | null): Generator<Message> {
      for (const row of to === null ? oldest.iterate() : oldestTo.iterate(to)) {
        yield parse<Message>(row);
      }
    },
    /** Newest first, those before `seq` only. */
    *messagesBefore(seq: number, to: string | null): Generator<{ seq: number; message: Message }> {
      for (const row of to === null ? newest.iterate(seq) : newestTo.iterate(seq, to)) {
        yield { seq: Number(row["seq"]), message: parse<Message>(row) };
      }
    },
    clear: () => db.exec("delete from messages; delete from owed; delete from replies"),
  };
}

function owedStore(db: DatabaseSync) {
  const insert = db.prepare("insert into owed (about, due_at, data) values (?, ?, ?)");
  const due = db.prepare(
    "select id, attempts, data from owed where due_at <= ? order by due_at, id limit ?",
  );
  const next = db.prepare("select min(due_at) as at from owed where due_at > ?");
  const postpone = db.prepare("update owed set due_at = ?, attempts = attempts + 1 where id = ?");
  const remove = db.prepare("delete from owed where id = ?");
  const removeAbout = db.prepare("delete from owed where about = ?");
  const count = db.prepare("select count(*) as n from owed");
  return {
    owe: (request: OwedRequest) =>
      insert.run(request.about, request.dueAt, JSON.stringify(request)),
    dueRequests: (now: number, limit: number) =>
      due.all(now, limit).map((row) => ({
        id: Number(row["id"]),
        attempts: Number(row["attempts"]),
        request: parse<OwedRequest>(row),
      })),
    nextDueAfter(now: number): number | null {
      const at = next.get(now)?.["at"];
      return typeof at === "number" ? at : null;
    },
    postpone: (id: number, dueAt: number) => postpone.run(dueAt, id),
    settle: (id: number) => remove.run(id),
    forgive: (about: string) => removeAbout.run(about),
    owedCount: () => Number(count.get()?.["n"]),
  };
}

function replyStore(db: DatabaseSync) {
  const saveReply = db.prepare(
    "insert into replies (id, data) values (?, ?) on conflict (id) do update set data = excluded.data",
  );
  const reply = db.prepare("select data from replies where id = ?");
  const replies = db.prepare("select data from replies order by rowid");
  return {
    saveReply: (one: Reply) => saveReply.run(one.id, JSON.stringify(one)),
    reply(id: string): Reply | null {
      const row = reply.get(id);
      return row === undefined ? null : parse<Reply>(row);
    },
    replies: () => replies.all().map((row) => parse<Reply>(row)),
  };
}

/** Rows are written by this file only, so their JSON has the type that was put in. */
function parse<T>(row: Record<string, unknown>): T {
  return JSON.parse(String(row["data"]));
}

/** Time alone moves a message on, so nothing is written for it and nothing is lost by a crash. */
export function statusAt(
  message: Message,
  now: number,
): "queued" | "sent" | "canceled" | FinalStatus {
  if (message.canceledAt !== null) return "canceled";
  if (now < message.sentAt) return "queued";
  return now < message.doneAt ? "sent" : message.final;
}
