import assert from "node:assert/strict";
import { call, type Caller, expectStatus } from "./http.ts";

/** A conversation as the API shows it, as far as tests look at it. */
export interface ConversationBody {
  id: string;
  sender: string;
  phone: string;
  status: string;
  assigned_to: string | null;
  assigned_to_name: string | null;
  lead_id: string | null;
  lead_name: string | null;
  customer_id: string | null;
  customer_name: string | null;
  unread: number;
  last_direction: string;
  last_preview: string;
  closed_by: string | null;
}

export interface ThreadBody extends ConversationBody {
  opted_out: boolean;
  awaits_review: boolean;
  next_before: string | null;
  messages: {
    message_id: string;
    direction: string;
    status: string;
    message: string;
    media: string[];
    created_by_name: string | null;
    error_code: string | null;
  }[];
}

export interface WrittenBody {
  message_id: string;
  conversation_id: string;
  status: string;
  waits_for: string | null;
  send_after: string;
}

/** The conversations that a query finds, newest first. */
export async function findConversations(
  session: Caller,
  query = "",
): Promise<{ data: ConversationBody[]; total: number }> {
  return expectStatus(await call(session, "GET", `/conversations${query}`), 200);
}

/** The only conversation that the caller has. */
export async function onlyConversation(session: Caller): Promise<ConversationBody> {
  const { data, total } = await findConversations(session);
  assert.equal(total, 1, JSON.stringify(data));
  const [conversation] = data;
  assert.ok(conversation);
  return conversation;
}

export async function readThread(session: Caller, id: string, query = ""): Promise<ThreadBody> {
  return expectStatus(await call(session, "GET", `/conversations/${id}${query}`), 200);
}

/** Writes in a conversation. */
export async function reply(session: Caller, id: string, message: string): Promise<WrittenBody> {
  return expectStatus(
    await call(session, "POST", `/conversations/${id}/messages`, { message }),
    202,
  );
}
