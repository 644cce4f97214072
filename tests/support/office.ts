import {
  addMembers,
  newOrganization,
  newTeam,
  type Organization,
  type OrganizationOptions,
  type Session,
} from "./people.ts";

/** An organization that works leads: two teams, each with a manager, and one counselor of no team. */
export interface Office extends Organization {
  organization: Organization;
  team: string;
  otherTeam: string;
  manager: Session;
  counselor: Session;
  /** The counselor's, of the same team. */
  colleague: Session;
  otherManager: Session;
  otherCounselor: Session;
  stranger: Session;
}

type Part = Exclude<keyof Office, "id" | "admin" | "organization" | "team" | "otherTeam">;

const roles: Record<Part, { role: string; team: "team" | "otherTeam" | null }> = {
  manager: { role: "manager", team: "team" },
  counselor: { role: "counselor", team: "team" },
  colleague: { role: "counselor", team: "team" },
  otherManager: { role: "manager", team: "otherTeam" },
  otherCounselor: { role: "counselor", team: "otherTeam" },
  stranger: { role: "counselor", team: null },
};

const parts = Object.keys(roles) as Part[];

/** Makes an organization that works leads. */
export async function newOffice(options: OrganizationOptions = {}): Promise<Office> {
  const organization = await newOrganization(options);
  const teams = {
    team: await newTeam(organization, [], "North"),
    otherTeam: await newTeam(organization, [], "South"),
  };
  const people = await addMembers(
    organization,
    parts.map((part) => {
      const { role, team } = roles[part];
      return { role, team: team && teams[team], fullName: `Test ${role}` };
    }),
  );
  const named = Object.fromEntries(parts.map((part, index) => [part, people[index]]));
  return { ...organization, organization, ...teams, ...named as Record<Part, Session> };
}
