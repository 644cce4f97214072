/** What the simulated carrier accepts. Made up; they open nothing anywhere else. */
export const CARRIER_CREDENTIALS = {
  twilioAccountSid: "ACde305de305de305de305de305de305de",
  twilioAuthToken: "demo-twilio-auth-token",
  arkeselApiKey: "demo-arkesel-api-key",
} as const;
