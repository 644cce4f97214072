import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A tab of a spreadsheet, without its cells. */
export interface Tab {
  sheetId: number;
  title: string;
  hidden: boolean;
  rowCount: number;
  columnCount: number;
  frozenRowCount: number;
  metadata: { metadataKey: string; metadataValue: string }[];
  /** The `repeatCell` requests that it got: number formats and the like. */
  formats: unknown[];
}

/** A spreadsheet: with whom its owner shared it, and its tabs in their order. */
export interface Spreadsheet {
  id: string;
  title: string;
  shared: Record<string, "writer" | "reader">;
  tabs: Tab[];
}

export type Cells = (string | number | boolean | null)[];
export type Store = ReturnType<typeof openStore>;

/** Everything that must survive a SIGKILL, as at the carrier. Access tokens do not: clients ask for new ones. */
export function openStore(dataDir: string) {
  mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(join(dataDir, "google.sqlite"));
  db.exec(`
    pragma journal_mode = wal;
    pragma synchronous = normal;
    create table if not exists accounts (email text primary key, public_key text not null);
    create table if not exists spreadsheets (id text primary key, data text not null);
    create table if not exists cells (
      spreadsheet text not null, tab integer not null, row integer not null, data text not null,
      primary key (spreadsheet, tab, row)) without rowid;
  `);
  const transaction = <T>(work: () => T): T => {
    db.exec("begin immediate");
    try {
      const result = work();
      db.exec("commit");
      return result;
    } catch (error) {
      db.exec("rollback");
      throw error;
    }
  };
  return {
    transaction,
    close: () => db.close(),
    ...accountStore(db),
    ...spreadsheetStore(db),
    ...cellStore(db),
  };
}

function accountStore(db: DatabaseSync) {
  const insert = db.prepare("insert into accounts (email, public_key) values (?, ?)");
  const find = db.prepare("select public_key from accounts where email = ?");
  return {
    addAccount: (email: string, publicKey: string) => insert.run(email, publicKey),
    /** The public key (PEM) of a service account. */
    publicKey(email: string): string | null {
      const row = find.get(email);
      return row === undefined ? null : String(row["public_key"]);
    },
  };
}

function spreadsheetStore(db: DatabaseSync) {
  const save = db.prepare(`insert into spreadsheets (id, data) values (?, ?)
    on conflict (id) do update set data = excluded.data`);
  const find = db.prepare("select data from spreadsheets where id = ?");
  const all = db.prepare("select data from spreadsheets order by rowid desc");
  return {
    saveSpreadsheet: (one: Spreadsheet) => save.run(one.id, JSON.stringify(one)),
    spreadsheet(id: string): Spreadsheet | null {
      const row = find.get(id);
      return row === undefined ? null : JSON.parse(String(row["data"]));
    },
    spreadsheets: (): Spreadsheet[] => all.all().map((row) => JSON.parse(String(row["data"]))),
  };
}

function cellStore(db: DatabaseSync) {
  const save = db.prepare(`insert into cells (spreadsheet, tab, row, data) values (?, ?, ?, ?)
    on conflict (spreadsheet, tab, row) do update set data = excluded.data`);
  const one = db.prepare("select data from cells where spreadsheet = ? and tab = ? and row = ?");
  const between = db.prepare(`select row, data from cells
    where spreadsheet = ? and tab = ? and row between ? and ? order by row`);
  const last = db.prepare("select max(row) as row from cells where spreadsheet = ? and tab = ?");
  const remove = db.prepare("delete from cells where spreadsheet = ? and tab = ?");
  return {
    /** Writes cells of one row from a column on; both count from 0. A null leaves what is there. */
    writeRow(spreadsheet: string, tab: number, row: number, column: number, values: Cells) {
      const found = one.get(spreadsheet, tab, row);
      const cells: Cells = found === undefined ? [] : JSON.parse(String(found["data"]));
      values.forEach((value, at) => {
        if (value !== null) cells[column + at] = value;
      });
      save.run(spreadsheet, tab, row, JSON.stringify(Array.from(cells, (cell) => cell ?? null)));
    },
    /** The rows of a tab that hold something, both ends included. */
    rows: (spreadsheet: string, tab: number, from: number, to: number) =>
      between.all(spreadsheet, tab, from, to).map((row) => ({
        row: Number(row["row"]),
        cells: JSON.parse(String(row["data"])) as Cells,
      })),
    /** The last row that holds something; -1 where none does. */
    lastRow: (spreadsheet: string, tab: number): number =>
      Number(last.get(spreadsheet, tab)?.["row"] ?? -1),
    removeCells: (spreadsheet: string, tab: number) => remove.run(spreadsheet, tab),
  };
}
