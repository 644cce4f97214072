import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createSignalbox, type Signalbox, type SignalboxOptions } from "../../client/src/mod.ts";
import { type Session, testPassword } from "./people.ts";
import { stackUnderTest } from "./stack.ts";

/** The client package with its own supabase-js, signed in as a person over HTTP. */
export async function withClient(
  person: Session,
  work: (signalbox: Signalbox, supabase: SupabaseClient) => Promise<void>,
  options: Partial<SignalboxOptions> = {},
): Promise<void> {
  const { api_url, publishable_key: key } = stackUnderTest();
  const url = options.url ?? api_url;
  const supabase = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { timeout: 60_000 },
  });
  try {
    const { error } = await supabase.auth.signInWithPassword({
      email: person.email,
      password: testPassword,
    });
    if (error) throw error;
    await work(createSignalbox({ supabase, key, ...options, url }), supabase);
  } finally {
    await supabase.removeAllChannels();
    supabase.realtime.disconnect();
  }
}
