import { z } from "../_shared/zod.ts";
import { Currency, DayInput, line } from "./input.ts";
import { reasons } from "./schemas.ts";

const Contract = line(100).optional().openapi({
  type: "string",
  description: "Which of several contracts; the only one if left out",
});
const EffectiveOn = DayInput.optional().openapi({
  description: "Today if left out. A past day is a late entry; a day to come is planned",
});
const Reason = z.enum(reasons).optional();
const Voluntary = z.boolean().optional().openapi({
  description: "Whether the client wanted to leave; by the reason if left out",
});

const Amount = z.object({
  amount: z.union([z.string().max(60), z.number()]).openapi({ example: "1234.50" }),
  interval: z.enum(["month", "quarter", "year"]).optional(),
  currency: Currency.optional(),
  contract: Contract,
  effective_on: EffectiveOn,
  observed_from: DayInput.optional().openapi({
    description:
      "From when on it would have been seen that the client leaves; today, if the day is past",
  }),
});

/** What people enter about a client: the endpoint and its body, and the movement of `record_client_movement`. */
export const kinds = {
  mrr: {
    path: "/{id}/mrr",
    operationId: "setClientMrr",
    summary: "What a client pays from a day on",
    description:
      "The amount is in force from that day until a later entry of the same contract. A late entry leaves " +
      "later amounts in force. 409 `client_churned` if the client has left by that day.",
    body: Amount.openapi("ClientMrr"),
    movement: "mrr",
  },
  reactivate: {
    path: "/{id}/reactivate",
    operationId: "reactivateClient",
    summary: "A client that had left comes back",
    description: "409 `client_not_churned` if it has not left by that day.",
    body: Amount.openapi("ClientReactivation"),
    movement: "reactivation",
  },
  churn: {
    path: "/{id}/churn",
    operationId: "churnClient",
    summary: "A client leaves",
    description:
      "`effective_on` is the first day without service. The end of one of several contracts is no churn. " +
      "A trial that ends so is lost, which is no churn either.",
    body: z.strictObject({
      effective_on: EffectiveOn,
      reason: Reason,
      voluntary: Voluntary,
      contract: Contract,
    }).openapi("ClientChurn"),
    movement: "churn",
  },
  notice: {
    path: "/{id}/notice",
    operationId: "giveClientNotice",
    summary: "A client gives notice",
    description:
      "Until it is lost the client is `leaving`. On which of the three days that is, the setting " +
      "`churn_recognition` says.",
    body: z.object({
      notice_on: DayInput.optional().openapi({ description: "Today if left out" }),
      cancels_on: DayInput.optional().openapi({ description: "When the contract is canceled" }),
      service_ends_on: DayInput.openapi({ description: "The first day without paid service" }),
      reason: Reason,
      voluntary: Voluntary,
    }).openapi("ClientNotice"),
    movement: "notice",
  },
  pause: {
    path: "/{id}/pause",
    operationId: "pauseClient",
    summary: "A client pauses",
    description:
      "It pays nothing and has not left, for as many days as the setting `pause_days` says.",
    body: z.strictObject({ effective_on: EffectiveOn }).openapi("ClientPause"),
    movement: "pause",
  },
  resume: {
    path: "/{id}/resume",
    operationId: "resumeClient",
    summary: "A client that paused goes on",
    description: "With what its contracts say by then.",
    body: z.strictObject({ effective_on: EffectiveOn }).openapi("ClientResumption"),
    movement: "resume",
  },
} as const;
