/** A person of the demo organization, as `supabase/seed.sql` makes it. */
export interface DemoPerson {
  email: string;
  password: string;
  role: string;
}

const roles = {
  admin: "admin",
  manager: "manager",
  counselor: "counselor",
  campaigns: "campaign_manager",
  clerk: "operator",
  viewer: "viewer",
  marketing: "marketing_agent",
  technical: "technical_agent",
} as const;

/** The people that the seed creates, one for each system role. */
export const DEMO_PEOPLE: DemoPerson[] = Object.entries(roles).map(([name, role]) => ({
  email: `${name}@demo.signalbox.test`,
  password: "demo-only-password",
  role,
}));
