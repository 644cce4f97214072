import { call, type Caller, expectStatus } from "./http.ts";

/** A note as the API shows it. */
export interface NoteBody {
  id: string;
  title: string;
  description: string;
  recipients: string[];
  sender_id: string | null;
  sender_name: string | null;
  sender_role: string;
  client_id: string | null;
  client_name: string | null;
  is_read: boolean;
  first_read_at: string | null;
  read_by_me: boolean | null;
  read_count: number;
  recipient_count: number;
  readers: { user_id: string; name: string }[] | null;
  created_at: string;
  timestamp: string;
}

export interface UnreadBody {
  organization_id: string;
  unread: number;
  more: boolean;
  version: number;
}

/** Sends a note over HTTP. */
export async function sendNote(
  session: Caller,
  recipients: string[],
  fields: Record<string, unknown> = {},
): Promise<NoteBody> {
  const body = { title: "Reconnections", description: "From eight on", recipients, ...fields };
  return expectStatus(await call(session, "POST", "/notes", body), 201);
}

/** The titles of a person's inbox, newest first. */
export async function inboxOf(session: Caller, query = ""): Promise<string[]> {
  const answer = await call(session, "GET", `/notes/inbox${query}`);
  return expectStatus<{ data: NoteBody[] }>(answer, 200).data.map(({ title }) => title);
}

/** What GET /notes/unread says. */
export const unreadOf = async (session: Caller): Promise<UnreadBody> =>
  expectStatus(await call(session, "GET", "/notes/unread"), 200);

export const readNote = async (session: Caller, id: string): Promise<void> => {
  expectStatus(await call(session, "POST", `/notes/${id}/read`), 204);
};
