/**
 * The typed client of Signalbox. Works in Node.js 20 and later, Deno, Bun and browsers.
 */
export { createSignalbox, type Signalbox, type SignalboxOptions } from "./client.ts";
export type { Stop } from "./channels.ts";
export type { FollowOptions, Update } from "./follow.ts";
export type {
  CampaignProgress,
  FollowedLeads,
  LeadEvent,
  Live,
  NoteEvent,
  NotificationEvent,
} from "./live.ts";
export type { IdsOf, ItemOf, ListPath, ListQuery } from "./pages.ts";
export { isProblem, type Problem, SignalboxError } from "./problem.ts";
export type { RetryOptions } from "./retry.ts";
export type { UploadAnswer, UploadOptions, UploadPath } from "./upload.ts";
export type { components, operations, paths } from "./api.d.ts";
