/** The areas of the API, in the order in which its reference shows them. */
export const tags: { name: string; description: string }[] = [
  {
    name: "auth",
    description: "Register, sign in, refresh, sign out; who am I; a forgotten password",
  },
  {
    name: "customers",
    description: "Customers of a utility, what they owe, and the dashboard",
  },
  {
    name: "actions",
    description: "Connecting, disconnecting and warning customers, one by one or in a batch",
  },
  {
    name: "upload",
    description: "Spreadsheets of customers: read, checked, processed in one transaction",
  },
  { name: "sms", description: "Texts to customers and what became of them" },
  {
    name: "conversations",
    description: "Two-way texts: threads, who deals with them, replies",
  },
  {
    name: "leads",
    description:
      "Leads with their students, interactions and timeline; assignment, stages, import and export",
  },
  { name: "tasks", description: "Who must do what by when" },
  {
    name: "pipeline",
    description: "The stages of the pipeline, and how many leads stand in each",
  },
  {
    name: "campaigns",
    description: "Marketing texts to an audience of leads: preview, start, pause, resume, cancel",
  },
  {
    name: "analytics",
    description: "How texts and campaigns do: outcomes, answers, opt-outs, costs, alerts",
  },
  {
    name: "reports",
    description: "Custom reports, their files, and how clients stay and leave",
  },
  {
    name: "clients",
    description: "Business clients: contacts, interactions, issues, what they pay and when they go",
  },
  { name: "notes", description: "Notes to everybody with a role" },
  { name: "users", description: "The people of the organization" },
  {
    name: "admin",
    description: "The admin's console: people, teams, settings, roles, API keys, audit, health",
  },
  {
    name: "dashboard",
    description: "The figures of leads, people and response times",
  },
  {
    name: "notifications",
    description: "Notifications, how they reach people, and the e-mails that were sent",
  },
  { name: "audit-logs", description: "Who changed what, when" },
  {
    name: "templates",
    description: "What is said in texts: wordings, variables, renderings",
  },
  {
    name: "phone-numbers",
    description: "The numbers that texts are sent from, and their health",
  },
  {
    name: "suppressions",
    description:
      "Who must not be texted, who agreed to be, how replies are understood, do-not-call lists",
  },
  {
    name: "webhooks",
    description: "What text providers call; each call is verified by the provider's own means",
  },
  {
    name: "jobs",
    description: "Background work, started by the database with a secret key",
  },
  { name: "health", description: "Whether the service works" },
  { name: "docs", description: "The description of the API" },
];
